/** The attributes of Web services that docs/node-json.md lists, and that are honoured. */

/** Names such as `static.options.default_file`. */
export function documentedAttributes(document: string): string[] {
  const names: string[] = [];
  let item = "";
  for (const line of document.split("\n")) {
    const [, title] = /^## (.*)$/.exec(line) ?? [];
    if (title !== undefined) item = itemOf(title);
    const [, name, meaning = ""] = /^\| `([^`]+)` \|.*\| (.*) \|$/.exec(line) ?? [];
    const isHonoured = !/^Accepted, (has no effect|not honoured)/.test(meaning);
    if (item !== "" && name !== undefined && isHonoured) names.push(`${item}.${name}`);
  }
  return names;
}

/** `paths.* (static).options` is `static.options`; other items are none of a Web service. */
function itemOf(title: string): string {
  const [, type, rest = ""] = /^paths\.\* \(([^)]+)\)(.*)$/.exec(title) ?? [];
  return type === undefined ? "" : `${type}${rest.replaceAll("[]", "")}`;
}
