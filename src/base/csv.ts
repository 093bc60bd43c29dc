/** Rows as CSV, quoted where they have to be, each with its line break. @source RFC 4180 */
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  return rows.map((cells) => `${cells.map(field).join(",")}\r\n`).join("");
}

function field(value: string | number | null | undefined): string {
  const text = value == null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
