/**
 * htmlPage: the document of a page that the node makes itself and that has no script.
 *
 * Its content is in a `main` element, to which screen readers jump; it fits narrow screens, and follows a browser
 * that is set to dark.
 *
 * @module
 */

/** Gives the document; all is HTML already. `style` is the text of its style sheet; empty: it has none. */
export function htmlPage(title: string, heading: string, content: string, style = ""): string {
  const styled = style === "" ? "" : `\n<style>${style}</style>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>${styled}
</head>
<body>
<main>
<h1>${heading}</h1>
${content}
</main>
</body>
</html>
`;
}
