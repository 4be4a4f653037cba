/**
 * `type: wap`: pages that are made of templates and the results of calls.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { item, itemOr } from "#config/schema/item.ts";
import { fileName, id, oneOf, text } from "#config/schema/primitive.ts";

const packageTemplates = item({
  package: required(text, "A Python package, whose templates are not used."),
  resource: required(text, "A folder of the package."),
});

const route = item({
  path: required(
    v.string(),
    "A rule of Werkzeug for paths below this one, such as `/square/<int:x>`.",
  ),
  method: required(oneOf(["GET", "POST"]), "The method of its requests; `GET` includes HEAD."),
  call: optional(
    v.nullable(text),
    "The procedure, called with the values of the path; absent or null: none.",
  ),
  render: required(fileName, "The template for the result."),
});

const wamp = item({
  realm: required(text, "The realm."),
  authrole: required(text, "The role that calls."),
});

/** `type: wap`. */
export const wapService = item({
  id: withoutEffect(id),
  type: required(v.literal("wap"), "Pages of templates for the results of calls."),
  path: withoutEffect(v.string()),
  templates: required(itemOr("string", fileName, packageTemplates), "The folder of the templates."),
  sandbox: defaulted(v.boolean(), true, "Whether templates are kept from the internals of Python."),
  routes: required(v.array(route), "Routes."),
  wamp: required(wamp, "How procedures are called."),
});

/** Such a path as written. */
export type WapItem = v.InferOutput<typeof wapService>;
