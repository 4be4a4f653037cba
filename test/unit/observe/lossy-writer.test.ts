import { expect, test } from "bun:test";
import { LossyWriter } from "#observe/lossy-writer.ts";

/** A file that has room for so many octets, and fails with this code beyond. */
function fileOf(room: number, code: string) {
  const file = { room, text: "" };
  const writer = new LossyWriter((octets, from) => {
    const count = Math.min(file.room, octets.length - from);
    if (count === 0) throw Object.assign(new Error(code), { code });
    file.text += Buffer.from(octets.subarray(from, from + count)).toString();
    file.room -= count;
    return count;
  });
  return { file, writer };
}

test.each([
  ["ENOSPC", "disk full"],
  ["EDQUOT", "disk full"],
  ["EAGAIN", "pipe full"],
])("says how many texts were lost by %s when there is room again", (code, cause) => {
  const { file, writer } = fileOf(6, code);
  for (const text of ["first\n", "second\n", "third\n"]) writer.write(text);
  file.room = 1000;
  writer.write("fourth\n");
  writer.write("fifth\n");
  expect(file.text).toBe(`first\n(2 texts before this one were lost: ${cause})\nfourth\nfifth\n`);
});

test("says it in the way that the log wants", () => {
  const file = { isFull: true, text: "" };
  const writer = new LossyWriter(
    (octets, from) => {
      if (file.isFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      file.text += Buffer.from(octets.subarray(from)).toString();
      return octets.length - from;
    },
    (lost, cause) => JSON.stringify({ lost, cause }),
  );
  writer.write("{}\n");
  file.isFull = false;
  writer.write("{}\n");
  expect(file.text).toBe('{"lost":1,"cause":"disk full"}\n{}\n');
});

test("ends the line of a text that was cut", () => {
  const { file, writer } = fileOf(9, "ENOSPC");
  writer.write("first\n");
  writer.write("second\n");
  writer.write("third\n");
  file.room = 1000;
  writer.write("fourth\n");
  expect(file.text).toBe("first\nsec\n(2 texts before this one were lost: disk full)\nfourth\n");
});

test.each([
  [0, 3],
  [5, 3],
  [6, 2],
  [12, 2],
  [13, 1],
  [18, 1],
])("counts each of several lines that is not written whole: of %d octets, %d", (room, lost) => {
  const { file, writer } = fileOf(6 + room, "ENOSPC");
  writer.write("begin\n");
  writer.write("first\nsecond\nthird\n", 3);
  expect(file.text).toBe(`begin\n${"first\nsecond\nthird\n".slice(0, room)}`);
  file.room = 1000;
  writer.write("end\n");
  expect(file.text).not.toContain("\n\n");
  expect(file.text.split("\n").slice(-3)).toEqual([
    `(${lost} texts before this one were lost: disk full)`,
    "end",
    "",
  ]);
});

test("counts the lines behind a notice, and not the notice", () => {
  const { file, writer } = fileOf(0, "ENOSPC");
  writer.write("first\n");
  const notice = "(1 texts before this one were lost: disk full)\n";
  file.room = notice.length + 2;
  writer.write("second\nthird\n", 2);
  file.room = 1000;
  writer.write("end\n");
  expect(file.text).toBe(`${notice}se\n(2 texts before this one were lost: disk full)\nend\n`);
});

test("does not tell again of texts whose loss it has told", () => {
  const { file, writer } = fileOf(0, "ENOSPC");
  writer.write("first\n");
  writer.write("second\n");
  const notice = "(2 texts before this one were lost: disk full)\n";
  file.room = notice.length + 2;
  writer.write("third\n");
  file.room = 1000;
  writer.write("fourth\n");
  expect(file.text).toBe(`${notice}th\n(1 texts before this one were lost: disk full)\nfourth\n`);
});

test("forgets texts that no reader is left for", () => {
  const { file, writer } = fileOf(6, "EPIPE");
  writer.write("first\n");
  writer.write("second\n");
  file.room = 1000;
  writer.write("third\n");
  expect(file.text).toBe("first\nthird\n");
});
