/**
 * Numbers as the page of the node prints them.
 *
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A number of things: `1,234,567`, or `12.5` where it is no integer. */
export function printCount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** Octets: `512 B`, `1.5 MiB`. */
export function printOctets(octets: number): string {
  let value = octets;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${printCount(value)} ${UNITS[unit]}`;
}

/** A part of one processor: `12.5 %`. */
export function printPercent(value: number): string {
  return `${printCount(value)} %`;
}

/** A time in its two greatest units: `5 s`, `3 min 20 s`, `2 d 4 h`. */
export function printDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}
