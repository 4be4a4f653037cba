/** What the pages share: the WebSocket that was opened last, and events that a test awaits. */

const NativeWebSocket = globalThis.WebSocket;

globalThis.WebSocket = class extends NativeWebSocket {
  constructor(...options) {
    super(...options);
    globalThis.openedSocket = this;
  }
};

/** What the last WebSocket has negotiated. */
globalThis.negotiated = () => {
  const { protocol, extensions } = globalThis.openedSocket;
  return { protocol, extensions };
};

const arrived = [];
const waiting = [];

/** Keeps a value until it is asked for. */
globalThis.arrive = (value) => {
  const wake = waiting.shift();
  if (wake === undefined) arrived.push(value);
  else wake(value);
};

/** The next value that arrives. */
globalThis.next = () =>
  arrived.length > 0 ? arrived.shift() : new Promise((resolve) => waiting.push(resolve));

/** A request: status and text, or the name of the error that the page gets. */
globalThis.request = async (url, options) => {
  try {
    const answer = await fetch(url, options);
    return [answer.status, await answer.text()];
  } catch (error) {
    return error.name;
  }
};

/** Whether a WebSocket for WAMP can be opened. */
globalThis.tryWebSocket = (url) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, ["wamp.2.json"]);
    socket.onopen = () => {
      resolve("open");
      socket.close();
    };
    socket.onerror = () => resolve("refused");
  });
