/**
 * Scalars of YAML 1.1 as PyYAML's safe loader reads them: which tag a plain text has, and its value.
 *
 * @module
 */

/** The tags of scalars, without `tag:yaml.org,2002:`. */
export const SCALAR_TAGS = [
  "null",
  "bool",
  "int",
  "float",
  "timestamp",
  "binary",
  "str",
  "merge",
  "value",
] as const;

/** One of these tags. */
export type ScalarTag = (typeof SCALAR_TAGS)[number];

/** PyYAML's resolvers of plain scalars. No text matches more than one. */
const RESOLVERS: [ScalarTag, RegExp][] = [
  ["null", /^(?:~|null|Null|NULL|)$/],
  ["bool", /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    "int",
    /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  ],
  [
    "float",
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  [
    "timestamp",
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
  ["merge", /^<<$/],
  ["value", /^=$/],
];

/** The tag of a plain scalar without a tag of its own. */
export function plainTag(text: string): ScalarTag {
  return RESOLVERS.find(([, pattern]) => pattern.test(text))?.[0] ?? "str";
}

/** What a scalar is read as, and how a sentence names it. */
const READERS: Partial<Record<ScalarTag, [noun: string, read: (text: string) => unknown]>> = {
  null: ["null", () => null],
  bool: ["a boolean", readBoolean],
  int: ["an integer", readInteger],
  float: ["a number", readFloat],
  timestamp: ["a date", readTimestamp],
  binary: ["base64", readBinary],
  str: ["a text", (text) => text],
};

/** The value of a scalar; `refuse` throws the sentence of what cannot be read. */
export function readScalar(
  text: string,
  tag: ScalarTag,
  refuse: (sentence: string) => never,
): unknown {
  const [noun, read] = READERS[tag] ?? [];
  if (read === undefined)
    refuse(`${tag === "merge" ? "<<" : "="} stands for no value; a text has to be in quotes`);
  const value = read(text);
  if (value === undefined) refuse(`this cannot be read as ${noun}; a text has to be in quotes`);
  return value;
}

const BOOLEANS = new Map([
  ["yes", true],
  ["no", false],
  ["true", true],
  ["false", false],
  ["on", true],
  ["off", false],
]);

function readBoolean(text: string): boolean | undefined {
  return BOOLEANS.get(text.toLowerCase());
}

/** Python reads no more digits than these. */
const MAX_DIGITS = 4300;

/** A number as JSON: an integer with all its digits, a float with a dot or an exponent; null: JSON has none. */
export function jsonNumberOf(text: string, tag: ScalarTag, value: number): string | null {
  if (tag === "int") return String(readExactInteger(text));
  if (/^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$/.test(text)) return text;
  if (!Number.isFinite(value)) return null;
  const digits = Object.is(value, -0) ? "-0" : JSON.stringify(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** Exact until the one conversion to a number, which rounds above 2^53 as the JSON parser does. */
function readInteger(text: string): number | undefined {
  const exact = readExactInteger(text);
  return exact === undefined ? undefined : Number(exact);
}

function readExactInteger(text: string): bigint | undefined {
  const { isNegative, digits } = signed(text);
  if (digits.length > MAX_DIGITS) return undefined;
  const magnitude = readMagnitude(digits);
  return magnitude !== undefined && isNegative ? -magnitude : magnitude;
}

function readMagnitude(digits: string): bigint | undefined {
  if (/^0b[01]+$/.test(digits) || /^0x[0-9a-f]+$/i.test(digits)) return BigInt(digits);
  const octal = /^0o?([0-7]+)$/.exec(digits)?.[1];
  if (octal !== undefined) return BigInt(`0o${octal}`);
  if (!/^[0-9](?!.*::)(?:[0-9:]*[0-9])?$/.test(digits) || /^0[0-9]/.test(digits)) return undefined;
  return digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

function readFloat(text: string): number | undefined {
  const { isNegative, digits } = signed(text.toLowerCase());
  const magnitude = readFloatMagnitude(digits);
  return magnitude === undefined || !isNegative ? magnitude : -magnitude;
}

function readFloatMagnitude(digits: string): number | undefined {
  if (/^(?:\.inf|inf|infinity)$/.test(digits)) return Number.POSITIVE_INFINITY;
  if (/^\.?nan$/.test(digits)) return Number.NaN;
  const parts = digits.split(":");
  if (!parts.every((part) => /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(part))) return undefined;
  // From the last part on, as Python adds them: the sum is rounded in the same places.
  return parts.reduceRight(
    ({ sum, unit }, part) => ({ sum: sum + Number(part) * unit, unit: unit * 60 }),
    { sum: 0, unit: 1 },
  ).sum;
}

function signed(text: string): { isNegative: boolean; digits: string } {
  const plain = text.replaceAll("_", "");
  return { isNegative: plain.startsWith("-"), digits: plain.replace(/^[-+]/, "") };
}

const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:Z|([-+])(\d\d?)(?::(\d\d))?))?)?$/;

/** A date, or a date with a time; without a time zone it counts as UTC. */
function readTimestamp(text: string): Date | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const zone = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (year === 0 || !isDay || hour > 23 || minute > 59 || second > 59 || zone >= 1440) {
    return undefined;
  }
  const milliseconds = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offset = match[8] === "-" ? -zone : zone;
  date.setUTCHours(hour, minute - offset, second, milliseconds);
  return date;
}

/** A date that can be read, as ISO 8601: `2001-12-14`, or with a time in microseconds and its zone, if it has one. */
export function isoDateOf(text: string): string {
  const [, year, month = "", day = "", hour, minute, second, fraction, sign, zone, more = "0"] =
    TIMESTAMP.exec(text) ?? [];
  const two = (digits: string) => digits.padStart(2, "0");
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return date;
  const time = `${two(hour)}:${minute}:${second}`;
  const microseconds = fraction ? `.${fraction.slice(0, 6).padEnd(6, "0")}` : "";
  const offset = sign && zone ? `${sign}${two(zone)}:${two(more)}` : "";
  return `${date}T${time}${microseconds}${text.endsWith("Z") ? "+00:00" : offset}`;
}

function readBinary(text: string): Uint8Array | undefined {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, "").replace(/^=+/, "");
  const isWhole = digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
  return isWhole ? new Uint8Array(Buffer.from(digits, "base64")) : undefined;
}
