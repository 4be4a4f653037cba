/**
 * The Debian package: the executable, the unit of systemd, and a user for it.
 *
 * @module
 */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { run } from "./run.ts";

const root = resolve(import.meta.dir, "../..");

/** Debian's names of architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Files of the package, and where they come from. */
const FILES: Readonly<Record<string, string>> = {
  "usr/lib/systemd/system/crossproxy.service": "examples/systemd/crossproxy.service",
  "usr/share/doc/crossproxy/copyright": "LICENSE",
  "usr/share/doc/crossproxy/README.md": "README.md",
  "usr/share/crossproxy/node-json.schema.json": "docs/node-json.schema.json",
};

/** Its configuration, for which the unit looks, is the operator's: the package brings none. */
const POST_INSTALL = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if ! getent passwd crossproxy > /dev/null; then
    useradd --system --user-group --home-dir /var/lib/crossproxy --shell /usr/sbin/nologin crossproxy
  fi
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
  fi
fi
`;

const PRE_REMOVE = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now crossproxy.service || true
fi
`;

/** Builds the package of an executable for this machine; gives its file. */
export async function buildDebianPackage({
  executable,
  version,
  folder,
}: {
  executable: string;
  version: string;
  folder: string;
}): Promise<string> {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const tree = mkdtempSync(join(tmpdir(), "crossproxy-deb-"));
  try {
    chmodSync(tree, 0o755);
    for (const [to, from] of Object.entries(FILES)) copy(join(root, from), join(tree, to), 0o644);
    // The unit of the sources is for an executable that was installed by hand.
    const unit = join(tree, "usr/lib/systemd/system/crossproxy.service");
    await Bun.write(unit, (await Bun.file(unit).text()).replaceAll("/usr/local/bin", "/usr/bin"));
    copy(executable, join(tree, "usr/bin/crossproxy"), 0o755);
    const control = `Package: crossproxy
Version: ${version}
Architecture: ${architecture}
Maintainer: crossproxy <maintainers@crossproxy.example>
Section: net
Priority: optional
Depends: libc6, passwd
Suggests: python3
Description: WAMP node in one executable
 Proxy and router workers for WAMP: WebSocket and RawSocket, authentication,
 JSON, MsgPack and CBOR, and Web services, with the configuration of Crossbar.
`;
    await Bun.write(join(tree, "DEBIAN/control"), control);
    for (const [name, script] of [
      ["postinst", POST_INSTALL],
      ["prerm", PRE_REMOVE],
    ] as const) {
      const file = join(tree, "DEBIAN", name);
      await Bun.write(file, script);
      chmodSync(file, 0o755);
    }
    const file = join(folder, `crossproxy_${version}_${architecture}.deb`);
    // dpkg knows zstd since Debian 12 and Ubuntu 18.04; xz takes ten times as long.
    run(["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", tree, file]);
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function copy(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
  chmodSync(to, mode);
}
