/** What a configuration needs of the machine: noted by the loader, and compared with a machine. */

import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, type Machine, thisMachine } from "#config/machine-checks.ts";
import { printIssue } from "#config/text/config-issue.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const sound: Machine = {
  isFolder: () => true,
  canWrite: () => true,
  canRun: () => true,
  addresses: ["127.0.0.1", "10.0.0.7", "::1", "fe80::1%eth0", "2001:db8::7"],
};

const transport = (endpoint: object, more: object = {}) => ({
  type: "websocket",
  endpoint,
  auth: { anonymous: { type: "static", role: "anonymous" } },
  ...more,
});

/** The warnings about a transport on a machine, and the folder of the file. */
async function warned(one: object, machine: Partial<Machine>, options: object = {}) {
  const worker = { type: "proxy", options, routes: {}, transports: [one] };
  const folder = temporaryFolder({ "node.json": { version: 2, workers: [worker] } });
  const { faults, needs } = await loadNodeConfig(join(folder, "node.json"), {});
  expect(faults).toEqual([]);
  return checkMachine(needs, { ...sound, ...machine }).map((issue) =>
    printIssue(issue).replaceAll(`${folder}/`, "").replace("$.workers[0].transports[0]", "$"),
  );
}

test("a socket is made in a folder that is there, and that can be written", async () => {
  const one = transport({ type: "unix", path: "run/a.sock" });
  expect(await warned(one, {})).toEqual([]);
  expect(await warned(one, { isFolder: () => false })).toEqual([
    'node.json:13:21  $.endpoint.path: Cannot listen on "run/a.sock": no such folder',
  ]);
  expect(await warned(one, { canWrite: (path) => !path.endsWith("/run") })).toEqual([
    'node.json:13:21  $.endpoint.path: Cannot listen on "run/a.sock": its folder cannot be written by this user',
  ]);
  expect(await warned(one, { isFolder: () => false }, { disabled: true })).toEqual([]);
});

describe("of what is run", () => {
  const workers = [
    { type: "guest", executable: "run", options: { workdir: "work" } },
    {
      type: "container",
      options: { python: "/opt/python", pythonpath: ["modules"] },
      components: [],
    },
  ];
  const said = async (machine: Partial<Machine>) => {
    const folder = temporaryFolder({ "node.json": { version: 2, workers } });
    const env = { PATH: "/bin:/usr/bin" };
    const { needs } = await loadNodeConfig(join(folder, "node.json"), env);
    return checkMachine(needs, { ...sound, ...machine }).map(({ path, sentence }) =>
      `${path}: ${sentence}`.replaceAll(`${folder}/`, ""),
    );
  };

  test("programs that this user cannot run", async () => {
    expect(await said({ canRun: () => false })).toEqual([
      '$.workers[0].executable: Cannot run "run": this user can run no such file',
      '$.workers[1].options.python: Cannot run "/opt/python": this user can run no such file',
    ]);
    expect(await said({ canRun: (file) => /^\/(usr\/bin\/run|opt\/python)$/.test(file) })).toEqual(
      [],
    );
    expect(await said({ canRun: (file) => /\/(work\/run|opt\/python)$/.test(file) })).toEqual([]);
  });

  test("folders that are missing", async () => {
    expect(await said({ isFolder: () => false })).toEqual([
      '$.workers[0].options.workdir: Cannot use "work": no such folder',
      '$.workers[1].options.pythonpath[0]: Cannot use "modules": no such folder',
    ]);
  });
});

test("an archive is downloaded to a folder that can be written", async () => {
  const zip = { type: "archive", archive: "a/b.zip", origin: "http://localhost/", download: true };
  const one = { type: "web", endpoint: { type: "tcp", port: 8080 }, paths: { zip } };
  expect(await warned(one, {})).toEqual([]);
  const [warning] = await warned(one, { isFolder: () => false });
  expect(warning).toEndWith('$.paths.zip.archive: Cannot download to "a/b.zip": no such folder');
});

test("cookies are kept in a folder that can be written", async () => {
  const cookie = { store: { type: "file", filename: "cookies" } };
  const one = transport({ type: "tcp", port: 8080 }, { cookie });
  expect(await warned(one, {})).toEqual([]);
  const [warning, ...more] = await warned(one, { canWrite: () => false });
  expect(warning).toEndWith(
    '$.cookie.store.filename: Cannot keep cookies in "cookies": its folder cannot be written by this user',
  );
  expect(more).toEqual([]);
});

test.each([
  "10.0.0.7",
  "0.0.0.0",
  "127.0.0.53",
  "::",
  "::1",
  "[::1]",
  "fe80:0::1",
  "2001:DB8::7",
  "localhost",
  "",
])("the address %p is that of the machine, or none", async (written) => {
  expect(await warned(transport({ type: "tcp", port: 8080, interface: written }), {})).toEqual([]);
});

test.each(["10.0.0.8", "2001:db8::8"])(
  "the address %s is that of another machine",
  async (written) => {
    const warnings = await warned(transport({ type: "tcp", port: 8080, interface: written }), {});
    expect(warnings).toEqual([
      `node.json:14:26  $.endpoint.interface: Cannot listen on "${written}": this machine has no such address`,
    ]);
  },
);

test("this machine is looked at as it is", () => {
  const { isFolder, canWrite, addresses } = thisMachine();
  const folder = temporaryFolder({ file: "" });
  expect([isFolder(folder), isFolder(join(folder, "file")), isFolder(join(folder, "x"))]).toEqual([
    true,
    false,
    false,
  ]);
  expect(canWrite(folder)).toBe(true);
  expect(canWrite(join(folder, "x"))).toBe(false);
  expect(addresses).toContain("127.0.0.1");
  if (process.getuid?.() === 0) return;
  chmodSync(folder, 0o500);
  expect(canWrite(folder)).toBe(false);
});
