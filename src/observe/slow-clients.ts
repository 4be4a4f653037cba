/**
 * SlowClients: how many clients of this process were cut off because they did not read.
 *
 * @module
 */

/** The count, since the process was started; changed wherever a client is cut off for this reason. */
export const slowClients = { cutOff: 0 };
