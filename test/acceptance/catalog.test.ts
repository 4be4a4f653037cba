/** Catalogs of schemas through the built binary, beside those of Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { crossbarConfig, startCrossbar } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";
import { webAt, webRouter } from "../support/web-workers.ts";

const fixture = resolve(import.meta.dir, "../fixtures/catalog/shop.bfbs");
const [port = 0, crossbarPort = 0] = freePorts(2);
const catalog = (filename: string) => ({ type: "catalog", filename });

async function get(at: number, path: string) {
  const answer = await fetch(`http://127.0.0.1:${at}${path}`);
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** The texts of the cells of all tables, without what marks them. */
function cellsOf(page: string): string[] {
  return [...page.matchAll(/<td>(.*?)<\/td>/gs)].map(([, cell = ""]) =>
    cell.replace(/<\/?a\b[^>]*>/g, "").trim(),
  );
}

describe("a catalog", () => {
  let node: TemporaryNode;
  beforeAll(async () => {
    const folder = temporaryFolder({
      "schemas/inner/shop.bfbs": await Bun.file(fixture).bytes(),
      "schemas/notes.txt": "none",
    });
    const paths = { shop: catalog(fixture), all: catalog("schemas") };
    const workers = [webRouter(webAt(port, paths))];
    await Bun.write(`${folder}/node.json`, JSON.stringify({ version: 2, workers }));
    node = await startNode(folder);
  }, 30_000);
  afterAll(() => node.stop());

  test.each(["/shop", "/shop/", "/all"])(
    "shows at %s what is in it, with links that lead there",
    async (path) => {
      const { status, headers, body } = await get(port, path);
      expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      const links = [...body.matchAll(/href="([^"]*)">([^<]*)</g)];
      expect(links.map(([, , name]) => name)).toEqual([
        "shop.Orders",
        "shop.Item",
        "shop.Order",
        "shop.Place",
        "shop.Extra",
        "shop.State",
      ]);
      for (const [, href = "", name = ""] of links) {
        const page = await get(port, href.replaceAll("&amp;", "&"));
        expect([page.status, page.body.includes(`${name}</h1>`)]).toEqual([200, true]);
      }
    },
  );

  test("escapes what is in the schema", async () => {
    const { body } = await get(port, "/shop/table?name=shop.Order");
    expect(body).toContain("&lt;b&gt;An order&lt;/b&gt; &amp; its items.");
    expect(body).not.toContain("<b>");
  });

  test.each([
    ["/shop/table?name=shop.Place", 404],
    ["/shop/struct?name=shop.Order", 404],
    ["/shop/enum?name=none", 404],
    ["/shop/table", 404],
    ["/shop/nothing?name=shop.Order", 404],
    ["/shop/struct?name=shop.Place", 200],
  ])("answers %s with %i", async (path, status) => {
    expect((await get(port, path)).status).toBe(status);
  });

  test("takes GET alone", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/shop`, { method: "POST", body: "a" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});

test("check names schemas that are none", () => {
  const folder = temporaryFolder({
    "a.zip": "PK\x03\x04 and so on",
    "node.json": {
      version: 2,
      workers: [webRouter(webAt(port, { a: catalog("a.zip"), b: catalog("none.bfbs") }))],
    },
  });
  const check = Bun.spawnSync([BINARY, "check", "node.json"], { cwd: folder });
  const printed = check.stdout.toString() + check.stderr.toString();
  expect(check.exitCode).not.toBe(0);
  expect(printed).toMatch(/paths\.a\.filename: .*a\.zip": it is no binary schema of FlatBuffers/);
  expect(printed).toMatch(/paths\.b\.filename: Cannot show "none\.bfbs": no such file or folder/);
});

describe.skipIf(!hasPython)("beside Crossbar", () => {
  let crossbar: Awaited<ReturnType<typeof startCrossbar>>;
  let node: TemporaryNode;
  beforeAll(async () => {
    const folder = temporaryFolder();
    const config = crossbarConfig(folder) as { workers: { transports: object[] }[] };
    const paths = { shop: catalog(fixture) };
    config.workers[0]?.transports.push(webAt(crossbarPort, paths));
    crossbar = await startCrossbar(folder, config);
    const workers = [webRouter(webAt(port, paths))];
    node = await startNode(temporaryFolder({ "node.json": { version: 2, workers } }));
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await crossbar.stop();
  }, 30_000);

  test("the home page has the same names and comments", async () => {
    const [ours, theirs] = await Promise.all([port, crossbarPort].map((at) => get(at, "/shop")));
    // Crossbar knows no name of the file.
    expect(
      cellsOf(ours?.body ?? "")
        .slice(2)
        .toSorted(),
    ).toEqual(
      cellsOf(theirs?.body ?? "")
        .slice(1)
        .toSorted(),
    );
  });

  test.each(["table?name=shop.Order", "table?name=shop.Item", "struct?name=shop.Place"])(
    "the page %s has the same fields",
    async (page) => {
      const [ours, theirs] = await Promise.all(
        [port, crossbarPort].map(async (at) => rowsOf((await get(at, `/shop/${page}`)).body)),
      );
      expect(ours).toEqual(theirs);
    },
  );
});

/** Name, id, offset, integer default, and comments: types, floats and words are printed in another way. */
function rowsOf(page: string): string[][] {
  const [, fields = ""] = page.split("<h2>Fields</h2>");
  return [...fields.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .map(([, row = ""]) => cellsOf(row))
    .filter((cells) => cells.length === 10 && cells[0] !== "name")
    .map((cells) => [0, 2, 3, 4, 9].map((index) => cells[index] ?? ""));
}
