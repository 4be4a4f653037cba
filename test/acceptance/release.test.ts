/** What is handed out of a version: its files, the Debian package, and the image. */

import { beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { buildMissingBinary, freePort } from "../support/temporary-node.ts";

const root = resolve(import.meta.dir, "../..");
const folder = join(root, "dist", "release");
const HERE = `linux-${process.arch}`;
const DEBIAN = process.arch === "x64" ? "amd64" : process.arch;

const image = join(folder, `crossproxy-${version}-oci-${HERE}.tar`);
const debian = join(folder, `crossproxy_${version}_${DEBIAN}.deb`);

const canPackage = Bun.which("dpkg-deb") !== null && process.platform === "linux";
if (!canPackage) console.log("LEFT OUT: the tests of a release, as dpkg-deb is not installed");

const hasSystemd = Bun.which("systemd-analyze") !== null;
if (!hasSystemd) console.log("LEFT OUT: the test of the unit, as systemd-analyze is not installed");

/** Whether namespaces can be made here, as a container runtime makes them. */
const inNamespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
const canIsolate =
  Bun.which("unshare") !== null &&
  process.getuid?.() === 0 &&
  Bun.spawnSync([...inNamespaces, "mount", "--rbind", "/dev", "/dev"]).exitCode === 0;

/** Its standard output. */
function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout.toString();
}

const sha256 = (octets: Uint8Array) => createHash("sha256").update(octets).digest("hex");

describe.if(canPackage)("a release", () => {
  beforeAll(() => {
    buildMissingBinary();
    const script = join(root, "scripts/release/release.ts");
    run(process.execPath, script, `--targets=${HERE}`, "--reuse");
  }, 120_000);

  test("has checksums of all its files", () => {
    const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trimEnd().split("\n");
    const names = readdirSync(folder).filter((name) => name !== "SHA256SUMS");
    expect(sums).toEqual(
      names.toSorted().map((name) => `${sha256(readFileSync(join(folder, name)))}  ${name}`),
    );
    expect(names).toHaveLength(4);
  });

  test("has a bill of the packages that are compiled in, and of no others", () => {
    const file = join(folder, `crossproxy-${version}.cdx.json`);
    const { bomFormat, components } = JSON.parse(readFileSync(file, "utf8"));
    const names = (components as { name: string }[]).map(({ name }) => name);
    expect(bomFormat).toBe("CycloneDX");
    expect(names).toContain("valibot");
    expect(names).not.toContain("typescript");
  });

  test("has a package for Debian that installs the program, its unit and its user", () => {
    const [tree, control] = [temporaryFolder(), temporaryFolder()];
    run("dpkg-deb", "--extract", debian, tree);
    run("dpkg-deb", "--control", debian, control);
    expect(run(join(tree, "usr/bin/crossproxy"), "version")).toStartWith(`crossproxy ${version} `);
    const unit = readFileSync(join(tree, "usr/lib/systemd/system/crossproxy.service"), "utf8");
    expect(unit).toContain("ExecStart=/usr/bin/crossproxy --logformat syslogd");
    expect(unit).not.toContain("/usr/local");
    expect(run("dpkg-deb", "--field", debian, "Version").trim()).toBe(version);
    for (const script of ["postinst", "prerm"]) run("sh", "-n", join(control, script));
    const owners = run("dpkg-deb", "--contents", debian).match(/\b\w+\/\w+\b(?= )/g);
    expect(new Set(owners)).toEqual(new Set(["root/root"]));
  });

  test.if(hasSystemd)("has a unit that systemd takes, with as little access as may be", () => {
    const tree = temporaryFolder();
    run("dpkg-deb", "--extract", debian, tree);
    const units = join(tree, "usr/lib/systemd/system");
    for (const name of ["network-online.target", "sysinit.target", "basic.target"]) {
      cpSync(join("/usr/lib/systemd/system", name), join(units, name));
    }
    mkdirSync(join(tree, "bin"));
    cpSync("/bin/kill", join(tree, "bin/kill"), { dereference: true });
    const here = [`--root=${tree}`, "crossproxy.service"];
    expect(run("systemd-analyze", "verify", ...here)).toBe("");
    // Fails above an exposure of 2.0 of 10.
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", ...here);
  });

  test("has an image whose parts are what their digests say", () => {
    const { layout, manifest, config, layer } = unpacked();
    expect(JSON.parse(readFileSync(join(layout, "oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    for (const blob of [manifest.config, ...manifest.layers]) {
      const octets = readFileSync(join(layout, "blobs", blob.digest.replace(":", "/")));
      expect([`sha256:${sha256(octets)}`, octets.length]).toEqual([blob.digest, blob.size]);
    }
    expect(config.rootfs.diff_ids).toEqual([`sha256:${sha256(Bun.gunzipSync(layer))}`]);
    expect(config.config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["/usr/local/bin/crossproxy"],
      Cmd: ["/node/node.json"],
    });
  });

  test("has the same image when it is made again", async () => {
    const { buildImage } = await import("../../scripts/release/oci-image.ts");
    const file = join(temporaryFolder(), "again.tar");
    await buildImage({ executable: join(folder, `crossproxy-${version}-${HERE}`), version, file });
    expect(sha256(readFileSync(file))).toBe(sha256(readFileSync(image)));
  }, 60_000);

  test.if(canIsolate)(
    "has an image that runs as its user, with a root that is read-only",
    async () => {
      const { layer } = unpacked();
      const tree = temporaryFolder();
      await Bun.write(join(tree, "layer.tar"), Bun.gunzipSync(layer));
      const files = join(tree, "root");
      mkdirSync(files);
      run("tar", "-xf", join(tree, "layer.tar"), "-C", files);
      expect(statSync(join(files, "tmp")).mode & 0o7777).toBe(0o1777);
      const port = freePort();
      const web = {
        type: "web",
        endpoint: { type: "tcp", port },
        paths: { "/": { type: "nodeinfo" } },
      };
      const node = { version: 2, workers: [{ type: "router", realms: [], transports: [web] }] };
      await Bun.write(join(files, "node", "node.json"), JSON.stringify(node));
      // As a container runtime starts it: /proc, /dev, a folder for temporary files, and nothing else to write to.
      const script = `mkdir ${files}/dev ${files}/proc
      mount --bind ${files} ${files}
      mount --rbind /dev ${files}/dev
      mount -t proc proc ${files}/proc
      mount -t tmpfs -o mode=1777 tmpfs ${files}/tmp
      mount -o remount,ro,bind ${files}
      exec chroot --userspec=65532:65532 ${files} /usr/local/bin/crossproxy /node/node.json`;
      const child = Bun.spawn([...inNamespaces, "sh", "-ec", script], {
        env: { PATH: process.env["PATH"] },
        stdout: "pipe",
        stderr: "pipe",
      });
      afterTest(() => {
        // The first process of the namespace: as another user, it would outlive `unshare`.
        const list = `/proc/${child.pid}/task/${child.pid}/children`;
        const children = child.exitCode === null ? readFileSync(list, "utf8").match(/\d+/g) : [];
        for (const pid of children ?? []) process.kill(Number(pid), "SIGKILL");
        child.kill("SIGKILL");
        return child.exited;
      });
      let output = "";
      for await (const chunk of child.stdout) {
        output += new TextDecoder().decode(chunk);
        if (/^worker +type/m.test(output)) break;
      }
      expect(output).toContain("worker");
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    },
    60_000,
  );
});

interface Manifest {
  config: { digest: string; size: number };
  layers: { digest: string; size: number }[];
}

/** The image without its archive. */
function unpacked() {
  const layout = temporaryFolder();
  run("tar", "-xf", image, "-C", layout);
  const blob = (digest: string) => readFileSync(join(layout, "blobs", digest.replace(":", "/")));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const manifest = JSON.parse(blob(index.manifests[0].digest).toString()) as Manifest;
  const config = JSON.parse(blob(manifest.config.digest).toString());
  const [layer] = manifest.layers;
  return { layout, manifest, config, layer: blob(layer?.digest ?? "") };
}
