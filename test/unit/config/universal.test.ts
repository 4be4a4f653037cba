import { describe, expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";

/** Loads a router worker with this one transport. */
async function load(transport: object) {
  const realms = [{ name: "realm1", roles: [{ name: "anonymous", permissions: [] }] }];
  const worker = { type: "router", realms, transports: [transport] };
  const { config, faults, warnings } = await loadNode({ version: 2, workers: [worker] });
  const told = [...faults, ...warnings].map((one) => one.replace("$.workers[0].transports[0]", ""));
  return { transport: transportsOf(config)[0], told };
}

const endpoint = { type: "tcp", port: 8080 };
const auth = { anonymous: { type: "static", role: "anonymous" } };
const websocket = { type: "websocket", auth };

describe("a universal transport", () => {
  test("becomes one tree of paths, and RawSocket beside it", async () => {
    const { transport, told } = await load({
      type: "universal",
      endpoint,
      rawsocket: { serializers: ["cbor"], auth },
      websocket: { ws: websocket },
      web: { paths: { "/": { type: "nodeinfo" } }, options: {} },
    });
    expect(told).toEqual([]);
    expect(transport).toMatchObject({
      type: "universal",
      id: "transport000",
      endpoint: { ...endpoint, interface: "0.0.0.0", shared: false },
      rawsocket: { serializers: ["cbor"], auth, backend: null },
      paths: { "/": { type: "nodeinfo" }, ws: { type: "websocket", auth, backend: null } },
    });
  });

  test("takes MQTT beside the others", async () => {
    const mqtt = { options: { realm: "realm1", role: "anonymous", auth } };
    const { transport, told } = await load({
      type: "universal",
      endpoint,
      mqtt,
      websocket: { ws: websocket },
    });
    expect(told).toEqual([
      ".mqtt.options.role: not honoured: `auth` decides on the role; without it, it is `anonymous`",
    ]);
    const paths = { ws: { type: "websocket" } };
    expect(transport).toMatchObject({ rawsocket: null, paths, mqtt: { realm: "realm1", auth } });
  });

  test("leaves out what is not there", async () => {
    const { transport } = await load({ type: "universal", endpoint, rawsocket: { auth } });
    expect(transport).toMatchObject({ paths: null, rawsocket: { auth } });
    const web = { paths: {} };
    expect((await load({ type: "universal", endpoint, web })).transport).toMatchObject({
      paths: {},
      rawsocket: null,
    });
    expect((await load({ type: "universal", endpoint })).told).toEqual([
      ': none of "rawsocket", "websocket", "web" and "mqtt" is given: nobody can connect',
    ]);
  });

  test("prefers a WebSocket to the Web service of the same path, and says so", async () => {
    const { transport, told } = await load({
      type: "universal",
      endpoint,
      websocket: { ws: websocket },
      web: { paths: { ws: { type: "nodeinfo" } }, options: { display_tracebacks: true } },
    });
    expect(transport).toMatchObject({ paths: { ws: { type: "websocket" } } });
    expect(told).toEqual([
      '.web.paths.ws: not reachable: "websocket" has the path "ws" too',
      ".web.options.display_tracebacks: not honoured: no traceback is shown to clients",
    ]);
  });

  test("names what of its parts is wrong", async () => {
    const { told } = await load({
      type: "universal",
      endpoint,
      rawsocket: { endpoint },
      websocket: { ws: { auth }, other: 7 },
      web: [],
    });
    expect(told).toEqual([
      '.rawsocket.endpoint: unknown attribute "endpoint"',
      ".websocket.ws.type: required attribute is missing",
      ".websocket.other: expected object, found 7",
      ".web: expected object, found list",
    ]);
  });
});

describe("an endpoint with PROXY protocol", () => {
  const web = (more: object) => ({ type: "web", paths: {}, endpoint: { ...endpoint, ...more } });

  test("keeps the list of trusted proxies", async () => {
    const trusted_proxies = ["10.0.0.7", "fd00::/8"];
    const { transport, told } = await load(web({ proxy_protocol: true, trusted_proxies }));
    expect(told).toEqual([]);
    expect(transport?.endpoint).toMatchObject({ trusted_proxies });
  });

  test("needs that list, of addresses and ranges", async () => {
    const missing =
      '.endpoint.proxy_protocol: expected "trusted_proxies" beside it: the load balancers that may send a PROXY header';
    expect((await load(web({ proxy_protocol: true }))).told).toEqual([missing]);
    expect((await load(web({ proxy_protocol: true, trusted_proxies: [] }))).told).toEqual([
      missing,
    ]);
    const trusted_proxies = ["lb.example", "10.0.0.0/33", "::1/129", "10.0.0.1/8/8", 7];
    const { told } = await load(web({ proxy_protocol: true, trusted_proxies }));
    expect(told).toHaveLength(5);
    expect(told[0]).toBe(
      '.endpoint.trusted_proxies[0]: expected an IP address or a range such as "10.0.0.0/8", found "lb.example"',
    );
  });

  test("is warned of when it is off and somebody is trusted", async () => {
    const { transport, told } = await load(web({ trusted_proxies: ["10.0.0.7"] }));
    expect(told).toEqual(['.endpoint.trusted_proxies: not honoured: "proxy_protocol" is not true']);
    expect(transport?.endpoint).not.toHaveProperty("trusted_proxies");
  });
});
