import { expect, test } from "bun:test";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { decodePath, PathTree } from "#transport/web/path-tree.ts";
import { clientRequest } from "../../../support/client-request.ts";
import { jsonAt } from "../../../support/json-service.ts";

function open(paths: Record<string, WebServiceConfig>): Promise<PathTree> {
  return PathTree.open(paths, (config) => ({
    handle: (_, rest) => {
      const text = `${config.type === "json" ? config.text : config.type}:${rest}`;
      return { status: 200, headers: {}, body: Buffer.from(text) };
    },
  }));
}

async function ask(tree: PathTree, path: string): Promise<string> {
  const { pathname } = new URL(`http://localhost${path}`);
  const answer = await tree.perform({ ...clientRequest("/"), url: { pathname, search: "" } });
  return answer.status === 200 ? String(answer.body) : String(answer.status);
}

test("the longest configured path answers and is told what follows", async () => {
  const tree = await open({
    "/": jsonAt("root"),
    a: jsonAt("a"),
    nest: { type: "path", paths: { b: jsonAt("b") } },
  });
  expect(await ask(tree, "/")).toBe("root:");
  expect(await ask(tree, "/other/x")).toBe("root:other/x");
  expect(await ask(tree, "/a")).toBe("a:");
  expect(await ask(tree, "/a/")).toBe("a:");
  expect(await ask(tree, "/a/b%20c/?q=/nest")).toBe("a:b c/");
  expect(await ask(tree, "/ab")).toBe("root:ab");
  expect(await ask(tree, "/nest/b/c")).toBe("b:c");
  expect(await ask(tree, "/nest/zzz")).toBe("404");
  expect(tree.find("/nest/b/c")?.subpath).toBe("c");
  expect(tree.find("/a%00")).toBeUndefined();
});

test("a path without a service is not found", async () => {
  expect(await ask(await open({ a: jsonAt("a") }), "/")).toBe("404");
});

test("malformed and climbing paths are refused", async () => {
  for (const path of [
    "/%",
    "/%zz",
    "/%ff",
    "/a%00",
    "/..",
    "/%2e%2e/a",
    "/a%2fb",
    "/a%5cb",
    "/.",
  ]) {
    expect(decodePath(path)).toBeUndefined();
  }
  expect(decodePath("/%252e%252e")).toEqual(["%2e%2e"]);
  expect(await ask(await open({ "/": jsonAt("root") }), "/a%00b")).toBe("400");
});

test("closes what is open when a later service cannot be opened", async () => {
  let closed = 0;
  const opening = PathTree.open({ a: jsonAt("a"), b: jsonAt("b") }, (config) => {
    if (config.type === "json" && config.text === "b") throw new Error("no");
    const close = () => {
      closed += 1;
    };
    return { handle: () => ({ status: 200, headers: {}, body: null }), close };
  });
  await expect(opening).rejects.toThrow("no");
  expect(closed).toBe(1);
});
