/**
 * The states of the session of an MQTT client, and what happens in each at every packet, every message of WAMP, and
 * every other event.
 *
 *     waiting -> joining -> joined <-> away
 *                              +-> parting -> closed
 *
 * In `away` the connection has ended and the session is kept for it. In `parting` it has ended too, and the session
 * waits until the will is published. The table is the same as that of docs/mqtt.md, which explains the actions.
 *
 * @module
 */

/** The states of a session. */
export type MqttState = "waiting" | "joining" | "joined" | "away" | "parting" | "closed";

/** What may happen to a session: packets of the client, messages of the router, and events. */
export const MQTT_EVENTS = [
  "CONNECT",
  "DISCONNECT",
  "packet",
  "WELCOME",
  "CHALLENGE",
  "ABORT",
  "GOODBYE",
  "routed",
  "connection lost",
  "session closes",
  "time is over",
] as const;

/** One of them. */
export type MqttEvent = (typeof MQTT_EVENTS)[number];

/** What is done then. */
export type MqttAction =
  | "join"
  | "leave"
  | "take"
  | "refuse"
  | "welcome"
  | "prove"
  | "deny"
  | "end"
  | "part"
  | "forget"
  | "close"
  | "none";

// biome-ignore format: a table
/** Actions in the order of `MQTT_EVENTS`. */
export const MQTT_ACTIONS: Record<MqttState, readonly MqttAction[]> = {
  waiting: ["join",   "refuse", "refuse", "none",    "none",  "none", "none", "none", "forget", "close", "none"],
  joining: ["refuse", "refuse", "refuse", "welcome", "prove", "deny", "end",  "none", "forget", "close", "none"],
  joined:  ["refuse", "leave",  "take",   "none",    "none",  "end",  "end",  "take", "part",   "close", "none"],
  away:    ["none",   "none",   "none",   "none",    "none",  "end",  "end",  "take", "none",   "close", "forget"],
  parting: ["none",   "none",   "none",   "none",    "none",  "end",  "end",  "take", "none",   "close", "forget"],
  closed:  ["none",   "none",   "none",   "none",    "none",  "none", "none", "none", "none",   "none",  "none"],
};

/** The same by the names of the events, because every packet is looked up. */
const byName = Object.fromEntries(
  Object.entries(MQTT_ACTIONS).map(([state, actions]) => [
    state,
    Object.fromEntries(MQTT_EVENTS.map((event, index) => [event, actions[index]])),
  ]),
) as Record<MqttState, Record<MqttEvent, MqttAction>>;

/** The action in a state. */
export function mqttAction(state: MqttState, event: MqttEvent): MqttAction {
  return byName[state][event];
}
