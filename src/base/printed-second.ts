/**
 * printedSecond: prints times in whole seconds, each second once, because many lines of a log have the same one.
 *
 * @module
 */

/** A printer of times that calls `print` only when the second is another one than that of the last call. */
export function printedSecond(print: (time: Date) => string): (time: Date) => string {
  let second = Number.NaN;
  let printed = "";
  return (time) => {
    const now = Math.floor(time.getTime() / 1000);
    if (now !== second) {
      printed = print(time);
      second = now;
    }
    return printed;
  };
}
