/** Aligned columns for a terminal: what is the same in the summary of a fit and in the profile of a network. */

export type TextOptions = {
  /** Escape codes for colour; false for a file, a pipe or `NO_COLOR`. */
  readonly colour: boolean;
  /** Characters in a line; fewer than `narrowest` are not enough. Infinite where it is no terminal: nothing is shortened then. */
  readonly width: number;
};

/** A window narrower than this sees wrapped lines. */
export const narrowest = 48;

export type Align = "left" | "right";
export type Paint = (text: string) => string;

/** The few colours, each with a meaning; without colour they leave text as it is. */
export function palette(colour: boolean): { readonly [K in keyof typeof codes]: Paint } {
  const paint =
    ([on, off]: readonly [number, number]): Paint =>
    (text) =>
      colour && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { strong: paint(codes.strong), quiet: paint(codes.quiet), good: paint(codes.good), bad: paint(codes.bad) };
}

const codes = { strong: [1, 22], quiet: [2, 22], good: [32, 39], bad: [31, 39] } as const;

/** Pads every column to its widest cell; two spaces between, none at the end of a line. */
export function columns(rows: readonly (readonly string[])[], align: readonly Align[]): string[] {
  const widths = align.map((_, i) => Math.max(0, ...rows.map((row) => length(row[i] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i]!, align[i]!))
      .join("  ")
      .trimEnd(),
  );
}

export type Column<Row> = {
  readonly head: string;
  readonly align: Align;
  readonly cell: (row: Row) => string;
  /** In the last line, where a column has one. */
  readonly total?: string;
  /** Columns with one may be left out, the lowest first. */
  readonly drop?: number;
};

/** The head, then a line a row, in as many columns as fit. */
export function fittingTable<Row>(all: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const cells = [all.map(({ head }) => head), ...rows.map((row) => all.map(({ cell }) => cell(row)))];
  const totals = all.some(({ total }) => total !== undefined) ? [all.map(({ total }) => total ?? "")] : [];
  const lines = columns(
    [...cells, ...totals],
    all.map(({ align }) => align),
  );
  const lowest = Math.min(...all.map(({ drop }) => drop ?? Number.POSITIVE_INFINITY));
  const fits = Math.max(...lines.map((line) => line.length)) <= width || lowest === Number.POSITIVE_INFINITY;
  return fits
    ? lines
    : fittingTable(
        all.filter(({ drop }) => drop !== lowest),
        rows,
        width,
      );
}

/** `####....`, full at share 1. */
export function textBar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return "#".repeat(full) + ".".repeat(width - full);
}

/** The first pieces that `room` characters hold, ` · ` between them: what matters most comes first. */
export function whatFits(pieces: readonly string[], room: number): string {
  const text = pieces.join(" · ");
  return pieces.length === 0 || text.length <= room ? text : whatFits(pieces.slice(0, -1), room);
}

/** Cuts to `width` characters, at least one, the middle replaced by `…`. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= Math.max(width, 1)) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (width - 1 - head)).join("")}`;
}

/** Each cut to `width` characters, or to as many more as keep different names different. */
export function shortened(names: readonly string[], width: number): string[] {
  const different = new Set(names).size;
  const longest = Math.max(0, ...names.map((name) => name.length));
  for (let room = Math.max(width, 1); room < longest; room++) {
    const cut = names.map((name) => truncate(name, room));
    if (new Set(cut).size === different) return cut;
  }
  return [...names];
}

/** Data for a terminal: a file name must not move the cursor, ring the bell or turn the line around. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "?");
}

function pad(cell: string, width: number, align: Align): string {
  const space = " ".repeat(Math.max(0, width - length(cell)));
  return align === "left" ? cell + space : space + cell;
}

/** Characters that show: colour codes take no room. */
function length(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character opens a colour code
  return [...text.replace(/\u001b\[\d+m/g, "")].length;
}
