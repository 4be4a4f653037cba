// Registers the procedures whose results the pages show.
import autobahn from "autobahn";

const url = process.env.ROUTER_URL ?? "ws://127.0.0.1:9000/";
const connection = new autobahn.Connection({ url, realm: "realm1" });

connection.onopen = async (session) => {
  await session.register("com.example.square", (_args, { x }) => ({ x, result: x * x }));
  await session.register("com.example.feedback", (_args, { name, text }) => ({ name, length: text.length }));
  console.log("procedures registered");
};
connection.open();
