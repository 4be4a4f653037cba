/**
 * How Python runs a source that is part of this program, so that no file has to be installed beside it.
 *
 * @module
 */

/**
 * Reads one line of JSON from standard input: the description, with the source in it. It parses in Python 2 too, which
 * exits with 68. Python puts the working folder first in the search path for `-c`; the environment gives its place.
 */
export const BOOTSTRAP = [
  "import sys",
  "sys.version_info >= (3, 9) or sys.exit(68)",
  "sys.path[:1] == [''] and sys.path.pop(0)",
  "import json",
  "description = json.loads(sys.stdin.buffer.readline())",
  "exec(compile(description.pop('source'), '<crossproxy runner>', 'exec'))",
].join("; ");

/** Exit code of an interpreter that is older than Python 3.9. */
export const EXIT_TOO_OLD = 68;

/** What such a process reads from standard input first. */
export function bootstrapInput(description: object, source: string): Buffer {
  return Buffer.from(`${JSON.stringify({ ...description, source })}\n`);
}
