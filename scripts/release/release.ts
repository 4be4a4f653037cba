/**
 * `npm run release [-- --targets linux-x64,linux-arm64] [--reuse]`: all that is handed out of a version, in
 * dist/release/.
 *
 *     crossproxy-0.1.0-linux-x64          the executable of each target
 *     crossproxy_0.1.0_amd64.deb          a Debian package
 *     crossproxy-0.1.0-oci-linux-x64.tar  an image, as a tar archive of an OCI layout
 *     crossproxy-0.1.0.cdx.json           what the executables are made of (CycloneDX)
 *     SHA256SUMS                          of all these
 *
 * The package and the image are made of the executable for this machine. With `--reuse` that is dist/crossproxy as it is.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../../package.json" with { type: "json" };
import { buildDebianPackage } from "./debian-package.ts";
import { buildImage } from "./oci-image.ts";
import { run } from "./run.ts";

/** What Bun builds for, by the name in our files. */
const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "bun-linux-x64",
  "linux-x64-baseline": "bun-linux-x64-baseline",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64": "bun-linux-arm64",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "macos-x64": "bun-darwin-x64",
  "macos-arm64": "bun-darwin-arm64",
  "windows-x64": "bun-windows-x64",
};

const root = resolve(import.meta.dir, "../..");
const folder = join(root, "dist", "release");
const HERE = `linux-${process.arch}`;

const { values } = parseArgs({
  options: {
    targets: { type: "string", default: Object.keys(TARGETS).join(",") },
    reuse: { type: "boolean", default: false },
  },
});
const unknown = values.targets.split(",").filter((target) => !Object.hasOwn(TARGETS, target));
if (unknown.length > 0) {
  console.error(
    `Cannot build for ${unknown.join(", ")}: known are ${Object.keys(TARGETS).join(", ")}`,
  );
  process.exit(2);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const executables = values.targets.split(",").map(buildExecutable);
const own = executables.find((file) => file.endsWith(`-${HERE}`));
if (own !== undefined) {
  await buildDebianPackage({ executable: own, version, folder });
  await buildImage({
    executable: own,
    version,
    file: join(folder, `crossproxy-${version}-oci-${HERE}.tar`),
  });
}
writeBillOfMaterials();
writeChecksums();

function buildExecutable(target: string): string {
  const suffix = target.startsWith("windows") ? ".exe" : "";
  const file = join(folder, `crossproxy-${version}-${target}${suffix}`);
  if (target === HERE && values.reuse) {
    cpSync(join(root, "dist", "crossproxy"), file);
    return file;
  }
  const script = join(root, "scripts", "build-binary.ts");
  run([process.execPath, script, `--target=${TARGETS[target]}`, `--outfile=${file}`]);
  return file;
}

/** npm's list of the packages that are compiled in, without those for development. */
function writeBillOfMaterials(): void {
  const flags = ["--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx"];
  const bill = run(["npm", "sbom", ...flags], { cwd: root });
  writeFileSync(join(folder, `crossproxy-${version}.cdx.json`), bill);
}

function writeChecksums(): void {
  const lines = readdirSync(folder)
    .toSorted()
    .map((name) => {
      const digest = createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex");
      return `${digest}  ${name}\n`;
    });
  writeFileSync(join(folder, "SHA256SUMS"), lines.join(""));
}
