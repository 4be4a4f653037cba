/** Procedures of Autobahn for Python whose results pages show. */

import { resolve } from "node:path";
import { PYTHON } from "./wamp-clients.ts";

/** Starts them on the router at this URL; `data` is what `com.example.result.data` returns, in WAMP's JSON. */
export async function startPageProcedures(
  url: string,
  data?: string,
): Promise<{ stop(): Promise<void> }> {
  const script = resolve(import.meta.dir, "../python/page_procedures.py");
  const child = Bun.spawn([PYTHON, script, url, ...(data === undefined ? [] : [data])], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const registered = Promise.withResolvers<void>();
  const read = async () => {
    for await (const chunk of child.stdout) {
      if (Buffer.from(chunk).includes("registered")) registered.resolve();
    }
    registered.reject(new Error("the callee ended"));
  };
  const reading = read();
  await registered.promise;
  return {
    async stop() {
      child.stdin.end();
      await Promise.all([child.exited, reading]);
    },
  };
}
