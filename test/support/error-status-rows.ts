/** The table of docs/http-bridge.md that gives each ERROR of WAMP its status. */

/** Pairs of a URI and its status, in the order of the table. */
export function errorStatusRows(guide: string): [uri: string, status: number][] {
  const [, table = ""] =
    /\n\| ERROR \| status \|[^\n]*\n\|[-:| ]+\|\n((?:\|[^\n]*\n)+)/.exec(guide) ?? [];
  return table.split("\n").flatMap((line) => {
    const [, uris = "", status = ""] = line.split("|");
    const names = [...uris.matchAll(/`([a-z_.]+)`/g)];
    return names.map(([, uri = ""]): [string, number] => [uri, Number(status)]);
  });
}
