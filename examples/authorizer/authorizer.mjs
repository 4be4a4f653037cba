// Decides what clients may do: each has topics and procedures of its own, and reads the public ones.
import autobahn from "autobahn";

function authorize([details, uri, action]) {
  if (uri.startsWith(`com.example.own.${details.session}.`)) return true;
  const reads = action === "call" || action === "subscribe";
  if (uri.startsWith("com.example.public.")) return { allow: reads, cache: true };
  return false;
}

const connection = new autobahn.Connection({
  url: process.env.ROUTER_URL ?? "ws://127.0.0.1:9001/",
  realm: "realm1",
  authid: "authorizer",
  authmethods: ["ticket"],
  onchallenge: () => process.env.AUTHORIZER_TICKET,
});
connection.onopen = async (session) => {
  await session.register("com.example.authorize", authorize);
  console.log("authorizer registered");
};
connection.open();
