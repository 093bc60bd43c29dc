import type { DataFacts } from "../data-facts.js";
import { columns, narrowest, palette, plain, type TextOptions, truncate } from "../kit/text-table.js";
import { counted, exactly } from "../kit/words.js";

export type CheckReport = {
  readonly data: DataFacts;
  readonly count: number;
  readonly classes: readonly { readonly label: string; readonly count: number; readonly different: number }[];
  readonly findings: readonly {
    readonly kind: string;
    readonly pictures: readonly { readonly source: string; readonly label: string }[];
    readonly leaveOut: readonly string[];
    readonly detail: string;
  }[];
  /** Where the list of what may be left out went. */
  readonly write: string | null;
};

/** Fewer different pictures teach a class badly. */
const FEW = 20;
/** Classes that differ by more are told. */
const UNEQUAL = 3;

/** @param kinds what each kind of finding is, in words, in the order in which they matter. */
export function renderCheck(
  report: CheckReport,
  kinds: Readonly<Record<string, string>>,
  options: TextOptions,
): string {
  const width = Math.max(options.width, narrowest);
  const paint = palette(options.colour);
  const { data, count, findings, write } = report;
  const head = `${plain(data.name)} · ${counted(data.classes.length, "class", "classes")}, ${counted(count, "picture")}`;
  const flagged = new Set(findings.flatMap(({ pictures }) => pictures.map(({ source }) => source)));
  const blocks = [
    [paint.strong(truncate(head, width))],
    findings.length === 0 ? ["nothing found"] : table(findings, kinds, width),
    aboutClasses(report),
    [
      `${exactly(flagged.size)} of ${counted(count, "picture")} ${flagged.size === 1 ? "is" : "are"} named; nothing was changed`,
      ...(write === null ? [] : [`what may be left out is in ${write}: look at it, then give --exclude ${write}`]),
    ],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function table(findings: CheckReport["findings"], kinds: Readonly<Record<string, string>>, width: number): string[] {
  const rows = Object.entries(kinds).flatMap(([kind, words]) => {
    const own = findings.filter((finding) => finding.kind === kind);
    if (own.length === 0) return [];
    const pictures = own.reduce((sum, finding) => sum + finding.pictures.length, 0);
    const example = own[0]!.pictures.map(({ source }) => plain(source)).join(" = ");
    return [[exactly(pictures), words, example]];
  });
  return columns([["pictures", "finding", "such as"], ...rows], ["right", "left", "left"]).map((line) =>
    truncate(line, width),
  );
}

/** What the numbers of pictures by class mean. */
function aboutClasses({ classes }: CheckReport): string[] {
  const few = classes.filter(({ different }) => different < FEW);
  const counts = classes.map(({ count }) => count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const named = few
    .slice(0, 5)
    .map(({ label, different }) => `${plain(label)} ${exactly(different)}`)
    .join(", ");
  const more = few.length > 5 ? ` and ${few.length - 5} more` : "";
  return [
    ...(few.length > 0
      ? [`few different pictures: ${named}${more}; with fewer than ${FEW}, a figure is mostly chance`]
      : []),
    ...(most > UNEQUAL * least
      ? [`classes are of unequal size, ${exactly(least)} to ${exactly(most)}: accuracy says little of the small ones`]
      : []),
  ];
}
