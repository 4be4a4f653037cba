/** What the kernels leave to JavaScript, where its native code is faster or knows more. */

/** The float of the decimal from `start` up to `end`. */
export declare function parseDecimal(start: usize, end: usize): f64;

/** Writes the shortest decimal of a float, as JavaScript prints it; returns where it ends. */
export declare function printDecimal(value: f64, to: usize): usize;

/** Whether the octets from `from` up to `end` are UTF-8, without surrogates. */
export declare function isLongUtf8(from: usize, end: usize): bool;
