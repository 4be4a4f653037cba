/** The states of the session of an MQTT client. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MQTT_ACTIONS, MQTT_EVENTS } from "#transport/mqtt/mqtt-states.ts";

const page = readFileSync(join(import.meta.dir, "../../../../docs/mqtt.md"), "utf8");

test("the table is whole, and that of docs/mqtt.md", () => {
  const rows = Object.entries(MQTT_ACTIONS);
  for (const [, actions] of rows) expect(actions).toHaveLength(MQTT_EVENTS.length);
  const table = [
    `| state | ${MQTT_EVENTS.join(" | ")} |`,
    `|---${"|---".repeat(MQTT_EVENTS.length)}|`,
    ...rows.map(([state, actions]) => `| ${state} | ${actions.join(" | ")} |`),
  ];
  expect(page).toContain(table.join("\n"));
  for (const action of new Set(rows.flatMap(([, actions]) => actions))) {
    expect(page).toContain(`| ${action} | `);
  }
});
