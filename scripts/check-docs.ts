/**
 * Fails when a module has no opening comment, an export has no doc comment, or a comment has an open
 * point (TODO).
 *
 * @module
 */

const failures: string[] = [];
for await (const path of new Bun.Glob("src/**/*.ts").scan()) {
  const lines = (await Bun.file(path).text()).split("\n");
  if (!lines[0]?.startsWith("/**")) failures.push(`${path}:1: no module comment`);
  lines.forEach((line, index) => {
    const at = `${path}:${index + 1}`;
    if (/\b(TODO|FIXME|XXX)\b/.test(line)) failures.push(`${at}: open point`);
    if (!/^export (?!\{|\*)/.test(line)) return;
    const before = lines.slice(0, index).findLast((text) => text.trim() !== "");
    if (!before?.trim().endsWith("*/")) failures.push(`${at}: undocumented ${line.slice(7, 60)}`);
  });
}
for (const failure of failures) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);

export {};
