/**
 * The HTML documents of the pages that the node makes itself; all is HTML already.
 *
 * A document fits narrow screens, and follows a browser that is set to dark. The content of a page is in a `main`
 * element, to which screen readers jump.
 *
 * @module
 */

/** A page without a script; `style` is the text of its style sheet; empty: it has none. */
export function htmlPage(title: string, heading: string, content: string, style = ""): string {
  const body = `<main>
<h1>${heading}</h1>
${content}
</main>`;
  return htmlDocument({ title, head: "", style }, body);
}

/** A document; `head` are further elements of its head, each with its line end. */
export function htmlDocument(
  { title, head, style }: { title: string; head: string; style: string },
  body: string,
): string {
  const styled = style === "" ? "" : `\n<style>${style}</style>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${head}<title>${title}</title>${styled}
</head>
<body>
${body}
</body>
</html>
`;
}
