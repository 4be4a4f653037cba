/** Resolves when what this turn of the event loop has gathered is written. */
export const turnEnd = () => new Promise<void>((resolve) => setImmediate(resolve));
