/** A WAMP session with wampy. */

const classes = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

/** Joins realm1; gives what WELCOME says. */
globalThis.join = async ({ url, serializer, ticket, ...options }) => {
  globalThis.wampy = new Wampy(url, {
    realm: "realm1",
    serializer: new classes[serializer](),
    autoReconnect: false,
    ...(options.authid && { onChallenge: () => ticket }),
    ...options,
  });
  const { authid, authrole, authmethod, authprovider } = await wampy.connect();
  return { authid, authrole, authmethod, authprovider };
};

/** Registers a procedure that returns its arguments. */
globalThis.registerEcho = async (procedure) => {
  await wampy.register(procedure, ({ argsList }) => ({ argsList: [argsList] }));
};

/** Has events of a topic arrive. */
globalThis.subscribe = async (topic) => {
  await wampy.subscribe(topic, ({ argsList }) => arrive(argsList));
};

globalThis.call = async (procedure, args) => {
  const { argsList } = await wampy.call(procedure, args);
  return argsList[0];
};

globalThis.leave = async () => {
  await wampy.disconnect();
};
