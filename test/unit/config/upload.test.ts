/** Paths of type `upload`. */

import { beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.upload";
const names = {
  file_name: "resumableFilename",
  total_size: "resumableTotalSize",
  chunk_number: "resumableChunkNumber",
  chunk_size: "resumableChunkSize",
  total_chunks: "resumableTotalChunks",
  content: "file",
};
const form_fields = { ...names, mime_type: "resumableType" };
let directory: string;
beforeAll(() => {
  directory = join(temporaryFolder(), "uploaded");
  mkdirSync(directory);
});

const serviceWith = (changes: object) => ({
  type: "upload",
  realm: "realm1",
  role: "anonymous",
  directory,
  form_fields,
  ...changes,
});
const load = (changes: object) => loadNode(nodeWith(at, serviceWith(changes)));
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: Record<string, object> }[] }[] }).workers[1]
    ?.transports[0]?.paths["upload"];

test("is normalized with its defaults", async () => {
  const { config, faults, warnings } = await load({});
  expect([...faults, ...warnings]).toEqual([]);
  const absent = { on_progress: null, session: null, chunk_extra: null, finish_extra: null };
  expect(loaded(config)).toEqual({
    type: "upload",
    realm: "realm1",
    role: "anonymous",
    directory,
    temp_directory: `${directory}.incomplete`,
    form_fields: { ...names, ...absent, identifier: null },
    options: { max_file_size: 10_485_760, file_types: null, file_permissions: null },
  });
});

test.each([
  ["0644", 0o644],
  ["640", 0o640],
  ["0o600", 0o600],
])("takes every option, and the permissions %s", async (file_permissions, mode) => {
  const events = { on_progress: "a", session: "b", chunk_extra: "c", finish_extra: "d" };
  const fields = { ...form_fields, ...events, identifier: "e" };
  const options = { max_file_size: 0, file_types: [".csv"], file_permissions };
  const temp_directory = join(directory, "temp");
  const changes = { id: "upload1", temp_directory, form_fields: fields, options };
  const { config, faults, warnings } = await load(changes);
  expect([...faults, ...warnings]).toEqual([]);
  expect(loaded(config)).toMatchObject({
    temp_directory,
    form_fields: { ...names, ...events, identifier: "e" },
    options: { ...options, file_permissions: mode },
  });
});

test("files of any type are taken where the list is empty, as in Crossbar", async () => {
  const { config } = await load({ options: { file_types: [] } });
  expect(loaded(config)).toMatchObject({ options: { file_types: null } });
});

test.each(
  titled(
    [
      [{ directory: undefined }, ".directory: required attribute is missing"],
      [{ form_fields: undefined }, ".form_fields: required attribute is missing"],
      [
        { form_fields: { ...form_fields, content: undefined } },
        ".form_fields.content: required attribute is missing",
      ],
      [{ options: { file_permissions: "rw" } }, ".options.file_permissions: expected permissions"],
      [
        { options: { file_permissions: "4755" } },
        ".options.file_permissions: expected permissions",
      ],
      [{ options: { max_file_size: -1 } }, ".options.max_file_size: expected an integer from 0"],
    ],
    1,
  ),
)("refuses %s", async (_title, changes, fault) => {
  const { faults } = await load(changes as object);
  expect(faults).toEqual([expect.stringContaining(`${at}${fault}`)]);
});

test("refuses chunks in the directory of whole files", async () => {
  const { faults } = await load({ temp_directory: `${directory}/` });
  const sentence = "expected another directory than `directory`";
  expect(faults).toEqual([`${at}.temp_directory: ${sentence}`]);
});

test("warns of a directory that is missing, and of another file system", async () => {
  const missing = await load({ directory: "/nowhere/at/all" });
  const state = "there is no such directory at present; until there is, no file is taken";
  expect(missing.warnings).toEqual([`${at}.directory: ${state}`]);
  const elsewhere = await load({ temp_directory: "/proc" });
  const sentence = "is on another file system than `directory`, so no file can be moved there";
  expect(elsewhere.warnings).toEqual([`${at}.temp_directory: ${sentence}`]);
});
