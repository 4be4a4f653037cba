import { expect, test } from "bun:test";
import { DEFAULT_SERIALIZERS, SERIALIZER_NAMES } from "#wamp/serializer-name.ts";

test("a transport that names no serializers has every one, the fastest first", () => {
  expect(DEFAULT_SERIALIZERS.toSorted()).toEqual(SERIALIZER_NAMES.toSorted());
  expect(DEFAULT_SERIALIZERS[0]).toBe("cbor");
  expect(DEFAULT_SERIALIZERS.at(-1)).toBe("json");
});

test("the names are loaded without a codec", async () => {
  const code = `await import("#wamp/serializer-name.ts"); await import("#config/load.ts");
    console.log(Object.keys(require.cache).filter((file) => /cbor-x|msgpackr/.test(file)).length);`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", code]);
  expect(stderr.toString()).toBe("");
  expect(stdout.toString().trim()).toBe("0");
});
