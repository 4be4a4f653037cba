/** What stands in the fences of the documents: every configuration is checked, every command is run. */

import { beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { type Block, blocksOf, DOCUMENTS, ROOT } from "../support/documents.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, buildMissingBinary, freePorts } from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";

const blocks = DOCUMENTS.flatMap(blocksOf);
const name = ({ document, line }: Block) => `${document}:${line}`;
const inLanguage = (language: string) =>
  blocks
    .filter((block) => block.language === language)
    .map((block): [string, Block] => [name(block), block]);
const readmeNode = blocksOf("README.md").find(({ language }) => language === "json")?.text ?? "";

/** Whose examples are tried with clients, in a test that says which sections there are. */
const triedElsewhere = "docs/authentication.md";

/** A folder like the repository's, with the files that the examples name. */
let folder: string;
/** Ports of the documents, and those that take their places here. */
let ports: [string, string][];

const withFreePorts = (text: string) =>
  ports.reduce((changed, [written, free]) => changed.replaceAll(written, free), text);

beforeAll(async () => {
  buildMissingBinary();
  const written = ["8080", "8443", "9000", "9001"];
  const free = freePorts(written.length);
  ports = written.map((port, index) => [port, String(free[index])]);
  folder = temporaryFolder({ "node.json": withFreePorts(readmeNode) });
  mkdirSync(`${folder}/dist`);
  mkdirSync(`${folder}/uploaded`);
  for (const at of ["crossproxy", "dist/crossproxy"]) symlinkSync(BINARY, `${folder}/${at}`);
  symlinkSync(`${ROOT}/node_modules`, `${folder}/node_modules`);
  cpSync(`${ROOT}/examples`, `${folder}/examples`, { recursive: true });
  for (const file of readdirSync(`${folder}/examples`, { recursive: true, encoding: "utf8" })) {
    if (!/\.(json|mjs)$/.test(file)) continue;
    const path = `${folder}/examples/${file}`;
    await Bun.write(path, withFreePorts(await Bun.file(path).text()));
  }
  const script = blocksOf("README.md").find(({ language }) => language === "js")?.text ?? "";
  await Bun.write(`${folder}/client.mjs`, withFreePorts(script));
  if (!hasOpenssl) return;
  for (const pair of ["main", "client", "admin", "operators"]) selfSigned(folder, pair);
  selfSigned(folder, "shop", { names: "DNS:shop.example,DNS:*.shop.example" });
});

test("every block is of a language that is tried here", () => {
  const languages = new Set(blocks.map(({ language }) => language));
  expect([...languages].toSorted()).toEqual(["js", "json", "python", "sh", "text"]);
  // Each of these is run by one test, with what it needs: js here, python in http-bridge.test.ts.
  const homes: Record<string, string> = { js: "README.md", python: "docs/http-bridge.md" };
  const elsewhere = blocks.filter(
    ({ language, document }) => (homes[language] ?? document) !== document,
  );
  expect(elsewhere).toEqual([]);
});

describe("configuration", () => {
  const places = new Map<string, unknown>();

  test.each(inLanguage("json"))("%s has no fault and no warning", async (where, block) => {
    const { document, place, text } = block;
    if (place === null) places.set(document, JSON.parse(text));
    const node = places.get(document) ?? JSON.parse(readmeNode);
    places.set(document, node);
    if (place !== null) put(node, place, JSON.parse(text));
    if (document === triedElsewhere) return;
    if (!hasOpenssl && JSON.stringify(node).includes('"tls"')) return;
    const file = `${folder}/${where.replaceAll("/", "-")}.json`;
    await Bun.write(file, JSON.stringify(node));
    const { faults, warnings } = await loadNodeConfig(file, {});
    expect([...faults, ...warnings].map(({ path, sentence }) => `${path}: ${sentence}`)).toEqual(
      [],
    );
  });
});

/** Puts what a block has beside or in the place of what a node has at a path such as `$.a[0].b`. */
function put(node: unknown, place: string, part: object): void {
  const steps = [...place.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? index);
  const last = steps.pop() ?? "";
  const parent = steps.reduce(
    (at, step) => (at as Record<string, unknown>)[step ?? ""],
    node,
  ) as Record<string, object>;
  if (!(parent instanceof Object)) throw new Error(`Cannot find the place ${place}`);
  parent[last] = { ...parent[last], ...part };
}

describe("commands", () => {
  test.each(inLanguage("sh"))(
    "%s can be pasted",
    async (_, { text }) => {
      const left: { kill(): void; exited: Promise<unknown> }[] = [];
      try {
        for (const line of text.replaceAll("\\\n", " ").split("\n")) {
          if (line === "" || line.startsWith("#")) continue;
          const running = await tryLine(line.replace(/ +# .*/, ""));
          if (running) left.unshift(running);
        }
      } finally {
        for (const one of left) {
          one.kill();
          await one.exited;
        }
      }
    },
    60_000,
  );
});

/** Runs a line in the folder; gives the process where it is one that stays. */
async function tryLine(
  line: string,
): Promise<{ kill(): void; exited: Promise<number> } | undefined> {
  if (/^(npm|npx) /.test(line)) return expectScripts(line);
  if (line.startsWith("docker ")) {
    const [, file = ""] = /-f (\S+)/.exec(line) ?? [];
    expect(existsSync(join(ROOT, file))).toBe(true);
    return undefined;
  }
  if (line.startsWith("python ") && !hasPython) return undefined;
  if (line.includes("openssl") && !hasOpenssl) return undefined;
  const isNode = /crossproxy (start )?[\w./-]+\.json$/.test(line) && !/ (check|keys) /.test(line);
  const stays = isNode || /(^| )node \S+\.mjs$/.test(line);
  const child = Bun.spawn(["sh", "-ec", stays ? `exec env ${line}` : line], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${ROOT}/.venv/bin:${process.env["PATH"]}` },
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = child.stderr.text();
  let said = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  const wanted = signOfLife(isNode, stays);
  while (!wanted.test(said)) {
    const { value, done } = await reader.read();
    if (done) break;
    said += decoder.decode(value, { stream: true });
  }
  if (stays && wanted.test(said)) return child;
  expect({ line, exitCode: await child.exited, stderr: await stderr }).toMatchObject({
    line,
    exitCode: 0,
  });
  return undefined;
}

/** What a process says once it is what it is to be; of one that ends, nothing. */
function signOfLife(isNode: boolean, stays: boolean): RegExp {
  if (isNode) return /^worker +type/m;
  return stays ? /\n/ : /$^/;
}

async function expectScripts(line: string): Promise<undefined> {
  const { scripts } = await Bun.file(`${ROOT}/package.json`).json();
  for (const command of line.split(" && ")) {
    const [program, verb = "", one = "", path = ""] = command.split(" ");
    if (program === "npx")
      expect([verb, one, existsSync(join(ROOT, path))]).toEqual(["bun", "test", true]);
    else if (verb !== "ci") expect(Object.keys(scripts)).toContain(verb === "run" ? one : verb);
  }
}
