/** What a terminal can show: colours, widths, and text that may not steer it. */

export type Paint = { readonly [name in keyof typeof codes]: (text: string) => string };

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Colours, or functions that leave the text alone. */
export function createPaint(colour: boolean): Paint {
  const paint = ([on, off]: readonly [number, number]) =>
    colour ? (text: string) => `\x1b[${on}m${text}\x1b[${off}m` : (text: string) => text;
  return {
    bold: paint(codes.bold),
    dim: paint(codes.dim),
    red: paint(codes.red),
    green: paint(codes.green),
    yellow: paint(codes.yellow),
    cyan: paint(codes.cyan),
  };
}

/** Columns a text takes: two for East Asian and emoji, none for combining marks. The text holds no escape sequences. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** At most `width` columns, with an ellipsis where something was cut off. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 1; // the ellipsis
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    kept += character;
  }
  return width < 1 ? "" : `${kept.trimEnd()}…`;
}

/** Words in lines of at most `width` columns; a longer word keeps a line of its own. A no-break space (U+00A0) binds words. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/[ \n\t]+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => line.replaceAll("\u00a0", " "));
}

/** Without the control characters by which, say, a file name could clear the screen. Line ends stay. */
export function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, "�");
}

function widthOf(character: string): number {
  if (/^[\p{Mark}\p{Cf}]$/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** @source Unicode Standard Annex 11, East Asian Width: the blocks that are wide as a whole. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
