/** What a join has where no authmethod is dynamic and attempts are not limited. */

import type { JoinSupport } from "#session/join.ts";
import { quiet } from "./quiet-context.ts";

export const noAuthenticators: JoinSupport = {
  authenticators: {
    log: quiet,
    call: () => Promise.reject(new Error("there are no authenticators")),
  },
};

/** The signal of somebody who waits to the end. */
export const neverCanceled = new AbortController().signal;
