/**
 * htmlPage: the document of a page that the node makes itself and that has neither style sheet nor script.
 *
 * Its content is in a `main` element, to which screen readers jump; it fits narrow screens, and follows a browser
 * that is set to dark.
 *
 * @module
 */

/** Gives the document; all is HTML already. */
export function htmlPage(title: string, heading: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
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
