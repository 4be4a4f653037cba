/**
 * printedSecond: prints times in whole seconds, each second once, because many lines of a log, and many answers, have
 * the same one.
 *
 * @module
 */

/**
 * A printer of times, in milliseconds since 1970, that calls `print` only when the second is another one than that of
 * the last call.
 */
export function printedSecond(print: (time: Date) => string): (milliseconds: number) => string {
  let second = Number.NaN;
  let printed = "";
  return (milliseconds) => {
    const now = Math.floor(milliseconds / 1000);
    if (now !== second) {
      printed = print(new Date(milliseconds));
      second = now;
    }
    return printed;
  };
}
