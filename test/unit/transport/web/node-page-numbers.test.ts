/** Numbers as the page of the node prints them. */

import { expect, test } from "bun:test";
import {
  printCount,
  printDuration,
  printOctets,
  printPercent,
} from "#transport/web/node-page/page-numbers.ts";

test.each([
  [printCount, 0, "0"],
  [printCount, 1_234_567, "1,234,567"],
  [printCount, 12.34, "12.3"],
  [printOctets, 0, "0 B"],
  [printOctets, 1023, "1,023 B"],
  [printOctets, 1024, "1 KiB"],
  [printOctets, 1536, "1.5 KiB"],
  [printOctets, 3 * 2 ** 30, "3 GiB"],
  [printOctets, 50 * 2 ** 20, "50 MiB"],
  [printOctets, 5000 * 2 ** 40, "5,000 TiB"],
  [printPercent, 12.5, "12.5 %"],
  [printDuration, 0.4, "0 s"],
  [printDuration, 59, "59 s"],
  [printDuration, 60, "1 min"],
  [printDuration, 200, "3 min 20 s"],
  [printDuration, 3_605, "1 h"],
  [printDuration, 187_200, "2 d 4 h"],
])("%p of %d is %s", (print, value, expected) => {
  expect(print(value)).toBe(expected);
});
