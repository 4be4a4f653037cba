/** A WAMP session with Autobahn. */

const classes = {
  json: "JSONSerializer",
  msgpack: "MsgpackSerializer",
  cbor: "CBORSerializer",
};

/** Joins realm1; gives what WELCOME says. With `isTold` joins and losses arrive. */
globalThis.join = ({ url, serializer, ticket, isTold, ...options }) =>
  new Promise((joined, reject) => {
    const connection = new autobahn.Connection({
      url,
      realm: "realm1",
      max_retries: 0,
      serializers: [new autobahn.serializer[classes[serializer]]()],
      onchallenge: () => ticket,
      ...options,
    });
    connection.onopen = (session, details) => {
      globalThis.session = session;
      const { authid, authrole, authmethod, authprovider } = details;
      if (isTold) arrive("joined");
      joined({ authid, authrole, authmethod, authprovider });
    };
    connection.onclose = (reason, details) => {
      if (isTold) arrive("left");
      reject(new Error(`${reason} ${details.reason}`));
    };
    globalThis.connection = connection;
    connection.open();
  });

/** Registers a procedure that returns its arguments. */
globalThis.registerEcho = async (procedure) => {
  await session.register(procedure, (args) => args);
};

/** Has events of a topic arrive. */
globalThis.subscribe = async (topic) => {
  await session.subscribe(topic, (args) => arrive(args));
};

globalThis.call = (procedure, args) => session.call(procedure, args);

globalThis.leave = (reason) => connection.close(reason);
