/** What all pages share: the shell of the file, and how costs are counted. */
import { html, Markup, type Part } from "./html.js";
import { style } from "./style.js";
import { moment } from "./words.js";

/** One HTML file: no script, nothing from the network. @returns its text, to be written as UTF-8. */
export function htmlDocument(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** What every page ends with. @param made what made it, and when. */
export function footer(made: Part): Markup {
  return html`<footer>
<h2>Conventions</h2>
${conventions}
<p>${made}.</p>
</footer>`;
}

/** By which program a page was made, and when. */
export const madeBy = ({ version, createdAt }: { readonly version: string; readonly createdAt: string }): Markup =>
  html`Bantam ${version}, <time datetime="${createdAt}">${moment(createdAt)}</time>`;

const conventions = html`<p>One MAC is one multiply-add, counted per image over convolutions, squeeze-and-excite and the classifier; bias, batch norm, activations, pooling and
element-wise work count zero. The papers call this number FLOPs; hardware sheets that say FLOPs mean twice as many. Parameters are the trainable ones; batch-norm
statistics are not among them. Peak activation bytes are the largest memory that the activations need at one time in inference, in 32-bit floats, one image at a time; weights come on top. Prefixes are decimal: 1 kB is 1000 bytes.</p>`;
