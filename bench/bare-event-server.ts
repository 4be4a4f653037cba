/**
 * The least that a program on Bun can do for listeners: it keeps their sockets, and writes one event to each of them for
 * every POST. It prints its port.
 *
 * @module
 */

const listeners = new Set<Bun.Socket>();
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: events follow\n\n";
const EVENT = Buffer.from(
  'data: {"topic":"com.example.bench","args":["hello",1,true],"kwargs":{}}\n\n',
);
const TAKEN = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

const { port } = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket, chunk) {
      if (chunk.toString("latin1").startsWith("GET")) {
        socket.write(HEAD);
        listeners.add(socket);
        return;
      }
      for (const listener of listeners) listener.write(EVENT);
      socket.end(TAKEN);
    },
    close: (socket) => void listeners.delete(socket),
  },
});
console.log(port);

export {};
