import { expect, test } from "bun:test";
import { acceptedType } from "#transport/web/accepted-type.ts";

test.each([
  ["", "text/html"],
  ["*/*", "text/html"],
  ["application/json", "application/json"],
  ["text/html;q=0.5, application/json", "application/json"],
  ["text/html, application/json;q=0.9, */*", "text/html"],
  ["application/*", "application/json"],
  ["text/html;q=0.1, */*", "application/json"],
  ["application/json;v=9;q=0.1, text/html;q=0.2", "text/html"],
  ["*/*, application/json;q=0.1", "text/html"],
  ["text/event-stream", "text/event-stream"],
  ["application/json;q=0.1, text/event-stream;q=0.2", "text/event-stream"],
  ["application/json;q=x", "text/html"],
])("Accept %j prefers %s", (accept, expected) => {
  const types = ["text/html", "application/json", "text/event-stream"] as const;
  expect(acceptedType(accept, types)).toBe(expected as never);
});
