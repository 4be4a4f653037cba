declare module "autobahn" {
  const autobahn: {
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types.
    Connection: new (options: object) => any;
    serializer: Record<"JSONSerializer" | "MsgpackSerializer" | "CBORSerializer", new () => object>;
  };
  export default autobahn;
}
