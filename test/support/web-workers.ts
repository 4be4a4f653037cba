/** A router worker and proxy workers before it, each with a Web transport for the services of a test. */

const allow = { call: true, register: true, publish: true, subscribe: true };

/** Everybody may do everything, but nothing with `com.example.secret`. */
const permissions = [
  { uri: "com.example.secret", allow: {} },
  { uri: "*", allow },
];

/** A Web transport with these paths. */
export const webAt = (port: number, paths: object, endpoint: object = {}) => ({
  type: "web",
  endpoint: { type: "tcp", port, interface: "127.0.0.1", ...endpoint },
  paths,
});

/** A router whose proxies reach it over `router.sock`. */
export const webRouter = (...webs: object[]) => ({
  type: "router",
  realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }],
  transports: [
    {
      type: "rawsocket",
      endpoint: { type: "unix", path: "router.sock" },
      auth: { "anonymous-proxy": { type: "static" } },
    },
    ...webs,
  ],
});

/** A proxy before the router of this socket, with one Web transport or several. */
export const webProxy = (web: object | object[], path = "router.sock") => ({
  type: "proxy",
  connections: {
    conn1: {
      transport: { type: "rawsocket", endpoint: { type: "unix", path }, serializer: "cbor" },
    },
  },
  routes: { realm1: { anonymous: "conn1" } },
  transports: [web].flat(),
});
