/**
 * The files of `crossproxy init`: a node with a router and a proxy, and a page with a client.
 *
 * @module
 */

/** Names relative to the application's folder, and texts. */
export const EXAMPLE_FILES: Readonly<Record<string, string>> = {
  ".crossbar/config.json": `${JSON.stringify(node(), null, 2)}\n`,
  "web/index.html": clientPage(),
  "README.md": readme(),
};

/** Only programs on this machine reach it, because every client may do everything. */
function node(): object {
  const everything = { call: true, register: true, publish: true, subscribe: true };
  const permissions = [{ uri: "", match: "prefix", allow: everything }];
  const endpoint = { type: "unix", path: "router.sock" };
  const router = {
    type: "router",
    realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }],
    transports: [
      {
        type: "rawsocket",
        endpoint,
        serializers: ["cbor"],
        auth: { "anonymous-proxy": { type: "static" } },
      },
    ],
  };
  const proxy = {
    type: "proxy",
    connections: {
      router: { transport: { type: "rawsocket", endpoint, serializer: "cbor" } },
    },
    routes: { realm1: { anonymous: "router" } },
    transports: [
      {
        type: "web",
        endpoint: { type: "tcp", interface: "127.0.0.1", port: 8080 },
        paths: {
          "/": { type: "static", directory: "../web" },
          ws: {
            type: "websocket",
            serializers: ["cbor", "msgpack", "json"],
            auth: { anonymous: { type: "static", role: "anonymous" } },
          },
          info: { type: "nodeinfo" },
        },
      },
    ],
  };
  return { version: 2, workers: [router, proxy] };
}

function clientPage(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A client of this node</title>
<main>
  <h1>A client of this node</h1>
  <p role="status" id="state">connecting</p>
  <form id="form">
    <label>Text <input id="text" required></label>
    <button>Publish</button>
  </form>
  <p>Open this page in two windows: each gets what the other publishes.</p>
  <ol id="events" aria-live="polite"></ol>
</main>
<script type="module">
  // WAMP in JSON over a WebSocket. For an application take a library, such as Autobahn.
  const TOPIC = "com.example.text";
  const element = (id) => document.getElementById(id);
  const socket = new WebSocket(location.href.replace(/^http/, "ws").replace(/[^/]*$/, "ws"), "wamp.2.json");
  const send = (...message) => socket.send(JSON.stringify(message));
  let request = 0;

  socket.onopen = () => send(1, "realm1", { roles: { publisher: {}, subscriber: {} } }); // HELLO
  socket.onclose = () => (element("state").textContent = "closed");
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message[0] === 2) {
      // WELCOME
      element("state").textContent = "joined as session " + message[1];
      send(32, ++request, {}, TOPIC); // SUBSCRIBE
    } else if (message[0] === 36) {
      // EVENT
      const item = document.createElement("li");
      item.textContent = message[4][0];
      element("events").append(item);
    }
  };
  element("form").onsubmit = (event) => {
    event.preventDefault();
    send(16, ++request, { exclude_me: false }, TOPIC, [element("text").value]); // PUBLISH
    element("text").value = "";
  };
</script>
</html>
`;
}

function readme(): string {
  return `# A node of crossproxy

\`\`\`sh
crossproxy start
\`\`\`

| address | what is there |
|---|---|
| http://127.0.0.1:8080/ | the files of the folder \`web\`: a page with a client |
| ws://127.0.0.1:8080/ws | the realm \`realm1\`, for clients over WebSocket |
| http://127.0.0.1:8080/info | the figures of the node; \`crossproxy top\` shows them in a terminal |

The configuration is \`.crossbar/config.json\`; \`crossproxy check\` names its faults. Every client may do everything.
So only programs on this machine reach the port. Before you remove \`"interface": "127.0.0.1"\`, let clients
authenticate, and give their roles only the permissions that they need.
`;
}
