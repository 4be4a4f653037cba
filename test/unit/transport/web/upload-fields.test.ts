/** The fields of a chunk, and the names of files. */

import { describe, expect, test } from "bun:test";
import { fileNameFault, suffixOf } from "#transport/web/upload/file-name.ts";
import { RefusedUpload } from "#transport/web/upload/refused-upload.ts";
import { chunkOf, progressOf } from "#transport/web/upload/upload-fields.ts";
import { titled } from "../../../support/titles.ts";
import { FORM_FIELDS } from "../../../support/upload-path.ts";

const options = { max_file_size: 100_000, file_types: [".csv", ""], file_permissions: null };

/** The chunk of these fields, or the status with which it is refused. */
function read(changes: Record<string, string>) {
  const fields: Record<string, string> = {
    resumableFilename: "a.csv",
    resumableTotalSize: "25",
    resumableChunkSize: "10",
    resumableChunkNumber: "1",
    resumableTotalChunks: "2",
    ...changes,
  };
  const fieldOf = (name: string) => fields[name] ?? null;
  try {
    const config = { form_fields: FORM_FIELDS, options };
    return { chunk: chunkOf(fieldOf, config), progress: progressOf(fieldOf, config) };
  } catch (thrown) {
    if (thrown instanceof RefusedUpload) return thrown.status;
    throw thrown;
  }
}

const sizes = (size: number, chunk: number, number: number, total: number) => ({
  resumableTotalSize: String(size),
  resumableChunkSize: String(chunk),
  resumableChunkNumber: String(number),
  resumableTotalChunks: String(total),
});

test("a chunk is read", () => {
  const chunk = { name: "a.csv", totalSize: 25, chunkSize: 10, totalChunks: 2, number: 2 };
  const { chunk: read2 } = read({ resumableChunkNumber: "2", client: "c" }) as { chunk: object };
  expect(read2).toEqual({ ...chunk, identifier: "c" });
  expect(read({})).toMatchObject({ chunk: { number: 1, identifier: "" }, progress: null });
});

test.each(
  titled([
    [sizes(100_000, 10, 10_000, 10_000), "taken"],
    [sizes(100_000, 9, 1, 10_001), 413],
    [sizes(100_001, 100_001, 1, 1), 413],
    [sizes(0, 10, 1, 1), "taken"],
    [sizes(0, 0, 1, 2), 400],
    [sizes(21, 10, 3, 3), "taken"],
    [sizes(20, 10, 3, 3), 400],
    [sizes(25, 10, 3, 2), 400],
    [sizes(25, 10, 0, 2), 400],
    [sizes(25, 2 ** 53, 1, 1), 400],
    [{ resumableChunkSize: "00000000000000010" }, 400],
    [{ resumableChunkSize: "0000000000000010" }, "taken"],
    [{ resumableChunkSize: " 10" }, 400],
    [{ resumableFilename: ".csv" }, "taken"],
    [{ resumableFilename: "a.csv." }, 415],
    [{ resumableFilename: "a.csv.exe" }, 415],
  ]),
)("of numbers and suffixes: %s", (_title, changes, outcome) => {
  const result = read(changes);
  expect(typeof result === "number" ? result : "taken").toBe(outcome);
});

test.each(
  titled([
    [{ on_progress: "a.b" }, { session: null, chunkExtra: "{}", finishExtra: "{}" }],
    [{ on_progress: "a.b", session: "9007199254740992" }, { session: 2 ** 53 }],
    [{ on_progress: "a.b", session: "9007199254740994" }, 400],
    [{ on_progress: "a.b", session: "" }, 400],
    [{ on_progress: "a.b", session: "-1" }, 400],
    [{ on_progress: "a.b", chunk_extra: "[1.0]" }, { chunkExtra: "[1.0]" }],
    [{ on_progress: "a.b", chunk_extra: "" }, 400],
    [{ on_progress: "a.b", finish_extra: "{" }, 400],
    [{ on_progress: "a..b" }, 400],
    [{ on_progress: "" }, 400],
    [{ session: "none", finish_extra: "{" }, null],
  ]),
)("of progress: %s", (_title, changes, outcome) => {
  const result = read(changes);
  const progress = typeof result === "number" ? result : result.progress;
  if (typeof outcome === "object" && outcome !== null) expect(progress).toMatchObject(outcome);
  else expect(progress).toBe(outcome);
});

describe("the name of a file", () => {
  const long = "é".repeat(127);
  test.each(
    titled([
      ["...", null],
      ["a b.csv", null],
      ["console.csv", null],
      ["com10", null],
      ["aconx", null],
      [`${long}a`, null],
      ["Grüße 👋.csv", null],
      [`${long}ab`, "it is longer than 255 octets"],
      ["con .csv", "it is the name of a device"],
      ["Nul", "it is the name of a device"],
      ["aux:a", "it is the name of a device"],
      ["PRN.tar.gz", "it is the name of a device"],
      ["com0", "it is the name of a device"],
      ["lpt³.csv", "it is the name of a device"],
      ["a\x7f", "it has a control character"],
      ["a\u2028", "it has a control character"],
      ["a\ufffd", "it has a control character"],
      ["a\ud800", "it has a control character"],
      [".", "it means a directory"],
      ["/", "it has a slash"],
      ["", "it is empty"],
    ] as const),
  )("%s", (_title, name, fault) => {
    expect(fileNameFault(name)).toBe(fault);
  });

  test.each([
    ["a.csv", ".csv"],
    ["a.tar.gz", ".gz"],
    ["a", ""],
    [".csv", ""],
    ["..a.csv", ".csv"],
    ["a.", "."],
  ])("%s has the suffix %j", (name, suffix) => {
    expect(suffixOf(name)).toBe(suffix);
  });
});
