import { expect, test } from "bun:test";
import { existsSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { hasListener, openUnixSocket } from "#transport/endpoint/unix-socket-file.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

function listen(address: string): Server {
  const server = createServer().listen(address);
  afterTest(() => server.close());
  return server;
}

const newPath = () => join(temporaryFolder(), "a.sock");

test.each([0o600, 0o660, 0o666])(
  "the file has mode %o from its first moment",
  async (permission) => {
    const path = newPath();
    let first = 0;
    const before = process.umask();
    await openUnixSocket({ path, permission }, (address) => {
      const server = listen(address);
      first = statSync(path).mode & 0o777;
      return server;
    });
    expect([first & ~permission, statSync(path).mode & 0o777]).toEqual([0, permission]);
    expect(process.umask()).toBe(before);
  },
);

test("the mask of the process is as before where it cannot listen", async () => {
  const before = process.umask();
  const failing = openUnixSocket({ path: newPath(), permission: 0o600 }, () => {
    throw new Error("cannot");
  });
  await expect(failing).rejects.toThrow("cannot");
  expect(process.umask()).toBe(before);
});

test("the file is removed at the end, unless it is another program's by then", async () => {
  const endpoint = { path: newPath(), permission: 0o600 };
  const opened = await openUnixSocket(endpoint, listen);
  renameSync(endpoint.path, `${endpoint.path}.old`);
  await openUnixSocket(endpoint, listen);
  opened.removeFile();
  expect(existsSync(endpoint.path)).toBe(true);
  renameSync(`${endpoint.path}.old`, endpoint.path);
  opened.removeFile();
  opened.removeFile();
  expect(existsSync(endpoint.path)).toBe(false);
});

test("a socket at which a program answers is not taken", async () => {
  const endpoint = { path: newPath(), permission: 0o600 };
  await openUnixSocket(endpoint, listen);
  expect(await hasListener(endpoint.path)).toBe(true);
  await expect(openUnixSocket(endpoint, listen)).rejects.toThrow(
    `Cannot listen on "unix ${endpoint.path}": address already in use`,
  );
});

test("a socket that a killed program left is replaced", async () => {
  const path = newPath();
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
  expect([existsSync(path), await hasListener(path)]).toEqual([true, false]);
  const { server } = await openUnixSocket({ path, permission: 0o600 }, listen);
  expect(server.listening).toBe(true);
});

test("a file that is no socket is never replaced, nor what a link leads to", async () => {
  const folder = temporaryFolder({ file: "precious" });
  symlinkSync(join(folder, "file"), join(folder, "link"));
  for (const name of ["file", "link"]) {
    const path = join(folder, name);
    await expect(openUnixSocket({ path, permission: 0o600 }, listen)).rejects.toThrow(
      "the file exists and is not a socket",
    );
    expect(await Bun.file(join(folder, "file")).text()).toBe("precious");
  }
});

test("a path that the system cannot take is refused before anything is made", async () => {
  const path = join(temporaryFolder(), "x".repeat(108));
  writeFileSync(`${path.slice(0, -1)}y`, "");
  await expect(openUnixSocket({ path, permission: 0o600 }, listen)).rejects.toThrow(
    "the path is longer than 107 octets",
  );
});
