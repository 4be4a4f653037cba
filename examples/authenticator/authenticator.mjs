// Decides who may join: a ticket is looked up in this list, which a database may take the place of.
import autobahn from "autobahn";

const users = new Map([["alice", { ticket: "secret1", role: "user" }]]);

function authenticate([realm, authid, details]) {
  const user = users.get(authid);
  if (realm !== "realm1" || user === undefined || user.ticket !== details.ticket) {
    throw new autobahn.Error("com.example.refused", ["nobody is known by this name and ticket"]);
  }
  return { role: user.role };
}

const connection = new autobahn.Connection({
  url: process.env.ROUTER_URL ?? "ws://127.0.0.1:9001/",
  realm: "auth",
  authid: "authenticator",
  authmethods: ["ticket"],
  onchallenge: () => process.env.AUTHENTICATOR_TICKET,
});
connection.onopen = async (session) => {
  await session.register("com.example.authenticate", authenticate);
  console.log("authenticator registered");
};
connection.open();
