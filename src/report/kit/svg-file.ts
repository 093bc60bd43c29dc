/** A drawing as a file of its own. */
import type { Markup } from "./html.js";
import { colours, drawingStyle } from "./style.js";

const font = `system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif`;

/**
 * The drawing with everything that the page around it gave: name space, letters, colours and paper. Where the viewer knows
 * dark schemes, it follows the reader's; many programs that take SVG know no variables, so each colour is written out.
 *
 * @param drawing as `svg` in `figure.ts` makes it.
 */
export function svgFile(drawing: Markup): string {
  const style = `svg { font-family: ${font}; }
.paper { fill: var(--paper); }
${drawingStyle}`;
  const dark = `@media (prefers-color-scheme: dark) {\n${resolved(style, "dark")}\n}`;
  return `${drawing.text
    .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace(
      ">",
      `><style>${resolved(style, "light")}\n${dark}</style><rect class="paper" width="100%" height="100%"/>`,
    )}\n`;
}

function resolved(style: string, scheme: keyof typeof colours): string {
  return style.replace(/var\(--(\w+)\)/g, (_, name: keyof typeof colours.light) => colours[scheme][name]);
}
