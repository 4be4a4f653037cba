/** What a join has where no authmethod is dynamic and attempts are not limited. */

import type { AuthenticationSupport } from "#auth/authentication.ts";
import { quiet } from "./quiet-context.ts";

export const noAuthenticators: AuthenticationSupport = {
  authenticators: {
    log: quiet,
    call: () => Promise.reject(new Error("there are no authenticators")),
  },
};

/** The signal of somebody who waits to the end. */
export const neverCanceled = new AbortController().signal;
