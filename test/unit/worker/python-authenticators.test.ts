import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { PythonAuthenticators } from "#worker/python-authenticators.ts";
import { awaitedLog } from "../../support/awaited-log.ts";
import { afterTest } from "../../support/cleanups.ts";
import { quietContext } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const LONG = 60_000;

const module = `
def create(config, controller):
    with open(config["file"]) as file:
        role = file.read()
    return lambda realm, authid, details: role
`;

describe.if(hasPython)("authenticators in Python", () => {
  test(
    "are made once when their process is started again, also those that failed before",
    async () => {
      const folder = temporaryFolder({ "authenticators.py": module });
      const file = `${folder}/role`;
      const { log, lines, until } = awaitedLog();
      const pids: number[] = [];
      const logOf = (pid: number) => {
        pids.push(pid);
        return log;
      };
      const authenticators = new PythonAuthenticators(
        {
          list: [
            {
              id: "a",
              type: "authenticator",
              create: "authenticators.create",
              config: JSON.stringify({ file }),
            },
          ],
          options: {
            python: PYTHON,
            pythonpath: [folder],
            env: { inherit: true, vars: {} },
            cpu_affinity: [],
            ready_timeout: LONG,
          },
        },
        { ...quietContext, folder, startFolder: folder, log, logOf },
      );
      afterTest(() => authenticators.shutdown());
      await authenticators.start();
      await until(/authenticator failed id=a step=create/);
      writeFileSync(file, "user");
      process.kill(pids[0] ?? 0, "SIGKILL");
      await until(/authenticators died/);
      await until(/authenticator ready/);
      const { signal } = new AbortController();
      const call = { authenticator: "a", args: ["realm1", "joe", {}], signal };
      expect(await authenticators.call(call)).toBe("user");
      expect(lines.filter((line) => line.includes("authenticator ready"))).toHaveLength(1);
    },
    LONG,
  );
});
