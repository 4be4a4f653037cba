/**
 * `type: upload`: a path to which browsers send files in chunks, as Resumable.js does.
 *
 * @module
 */

import * as v from "valibot";
import {
  defaulted,
  defaultsOf,
  optional,
  required,
  withoutEffect,
} from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { fileName, id, integer, text } from "#config/schema/primitive.ts";

const formFields = item({
  file_name: required(text, "The name of the file."),
  mime_type: withoutEffect(text),
  total_size: required(text, "Octets of the file."),
  chunk_number: required(text, "The number of the chunk, from 1."),
  chunk_size: required(text, "Octets of every chunk but the last."),
  total_chunks: required(text, "Number of chunks."),
  content: required(text, "The octets of the chunk."),
  on_progress: optional(text, "The topic that progress is published on."),
  session: optional(text, "The session that alone gets these events."),
  chunk_extra: optional(text, "JSON that every event repeats."),
  finish_extra: optional(text, "JSON that the last event repeats."),
  identifier: optional(
    text,
    "Extension. What tells uploads of files with the same name and size apart.",
  ),
});

const permissions = v.pipe(
  v.string(),
  v.regex(
    /^(0o?)?[0-7]{3}$/,
    (issue) => `expected permissions such as "0644", found ${issue.received}`,
  ),
);

const uploadOptions = item({
  max_file_size: defaulted(
    integer(0, 1_099_511_627_776),
    10_485_760,
    "Most octets of a file, at most 1 TiB; in Crossbar this may be any number.",
  ),
  file_types: optional(
    v.array(v.string()),
    'Suffixes of files that are taken, such as ".csv"; absent or empty: any.',
  ),
  file_permissions: optional(permissions, 'Permissions of files, such as "0644".'),
});

/** The options of such a path that sets none. */
export const defaultUploadOptions = defaultsOf(uploadOptions);

/** `type: upload`. */
export const uploadService = item({
  id: withoutEffect(id),
  type: required(v.literal("upload"), "Takes files in chunks, from Resumable.js."),
  realm: required(text, "The realm."),
  role: required(text, "The role that publishes progress."),
  directory: required(fileName, "Where whole files are put."),
  temp_directory: optional(
    fileName,
    "Where chunks wait; absent: beside `directory`, with `.incomplete` at its end.",
  ),
  form_fields: required(formFields, "Names of the fields that clients send."),
  options: optional(uploadOptions, "Options."),
});

/** Such a path as written. */
export type UploadItem = v.InferOutput<typeof uploadService>;
