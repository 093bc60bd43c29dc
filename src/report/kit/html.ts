/**
 * Markup as values. A plain string is data and is escaped wherever it lands; only `Markup`, which nothing but the `html` tag
 * makes from the literals in our own source, passes through. So a class folder called `<script>` stays a name.
 */

/** Text that is already HTML (or SVG). */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** What may stand in a template. `null` and `false` write nothing; a number is a coordinate, written to two places. */
export type Part = Markup | string | number | null | false | readonly Part[];

/** @throws {RangeError} on a number that is not finite: it would silently break the drawing. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(literals.reduce((text, literal, i) => text + write(parts[i - 1]!) + literal));
}

function write(part: Part): string {
  if (part === null || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return coordinate(part);
  return part.map(write).join("");
}

function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`internal: ${value} in markup`);
  return String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as element text and inside a quoted attribute. Control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  return text.replace(/[&<>"']/g, (c) => entities[c]!).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\uFFFD");
}

/** Text that came with the data, kept from reordering its surroundings when it is written right to left. */
export function given(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

/** The same for SVG text, which has no `bdi`: first-strong isolate … pop. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** At most `length` characters as a reader counts them, the middle left out: both ends of a path tell more than one. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(graphemes.segment(text), (s) => s.segment);
  if (characters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (length - 1 - head)).join("")}`;
}
