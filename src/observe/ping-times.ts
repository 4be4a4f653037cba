/**
 * PingTimes: how long the other sides of this process's connections took to answer its pings.
 *
 * @module
 */

import { Distribution } from "./distribution.ts";

/** Seconds from a ping to its pong, since the process was started; clients and routers together. */
export const pingTimes = new Distribution([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]);
