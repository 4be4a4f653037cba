/**
 * The image: an OCI layout, made without a container engine, that every engine can load.
 *
 * It has the executable, the libraries of glibc that it needs, and the certificates of public authorities; no shell. It
 * runs as the user 65532, and may be mounted read-only.
 *
 *     /usr/local/bin/crossproxy    /node (the configuration is mounted here)    /tmp
 *
 * (OCI Image Format Specification 1.1: image layout, index, manifest, configuration, layer.)
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./run.ts";

const USER = "65532";
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Archives of the same files have the same octets. */
const SAME = ["--sort=name", "--mtime=@0", "--numeric-owner", "--format=ustar"];

/** What an image is made of, and the file that it is written to. */
export interface ImageParts {
  executable: string;
  version: string;
  file: string;
}

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

/** Writes the image. */
export async function buildImage({ executable, version, file }: ImageParts): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "crossproxy-oci-"));
  try {
    const layer = layerOf(executable, join(work, "root"));
    const layout = join(work, "layout");
    const write = async (mediaType: string, octets: Uint8Array): Promise<Blob> => {
      const hex = createHash("sha256").update(octets).digest("hex");
      await Bun.write(join(layout, "blobs", "sha256", hex), octets);
      return { mediaType, digest: `sha256:${hex}`, size: octets.length };
    };
    const json = (value: unknown) => Buffer.from(JSON.stringify(value));
    const packed = await write(
      "application/vnd.oci.image.layer.v1.tar+gzip",
      Bun.gzipSync(layer, { library: "libdeflate", level: 6 }),
    );
    const config = await write(
      "application/vnd.oci.image.config.v1+json",
      json(configOf(createHash("sha256").update(layer).digest("hex"), version)),
    );
    const manifest = await write(
      "application/vnd.oci.image.manifest.v1+json",
      json({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config,
        layers: [packed],
      }),
    );
    const named = { ...manifest, annotations: { "org.opencontainers.image.ref.name": version } };
    await Bun.write(join(layout, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
    await Bun.write(join(layout, "index.json"), json({ schemaVersion: 2, manifests: [named] }));
    const parts = ["oci-layout", "index.json", "blobs"];
    run(["tar", ...SAME, "--owner=0", "--group=0", "-C", layout, "-cf", file, ...parts]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The only layer, as a tar archive. */
function layerOf(executable: string, root: string): Uint8Array<ArrayBuffer> {
  place(executable, join(root, "usr/local/bin/crossproxy"), 0o755);
  for (const library of run(["ldd", executable]).match(/\/\S+/g) ?? []) {
    place(library, join(root, library), 0o755);
  }
  if (existsSync(AUTHORITIES)) place(AUTHORITIES, join(root, AUTHORITIES), 0o644);
  mkdirSync(join(root, "etc"), { recursive: true });
  mkdirSync(join(root, "node"));
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  const archive = `${root}.tar`;
  const parts = ["etc", "lib", "lib64", "node", "tmp", "usr"];
  const present = parts.filter((part) => existsSync(join(root, part)));
  // The folder of the node is its user's: it makes its sockets and its key there.
  const others = present.filter((part) => part !== "node");
  run(["tar", ...SAME, "--owner=0", "--group=0", "-C", root, "-cf", archive, ...others]);
  run([
    ...["tar", ...SAME, `--owner=${USER}`, `--group=${USER}`],
    ...["-C", root, "-rf", archive, "node"],
  ]);
  return new Uint8Array(readFileSync(archive));
}

function place(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
  chmodSync(to, mode);
}

function configOf(diffId: string, version: string): object {
  return {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      User: `${USER}:${USER}`,
      WorkingDir: "/node",
      Entrypoint: ["/usr/local/bin/crossproxy"],
      Cmd: ["/node/node.json"],
      StopSignal: "SIGTERM",
      Labels: {
        "org.opencontainers.image.title": "crossproxy",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
      },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] },
  };
}
