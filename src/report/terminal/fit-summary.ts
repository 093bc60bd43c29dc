import { formatCount, formatDuration, formatPercent, isUnequal, overallScores } from "../../base/index.js";
import type { FitReport, FitSearch } from "../fit-report.js";
import { armTrials, best, equalCompute } from "../front-facts.js";
import { costsInRows, limitName } from "../kit/cost-rows.js";
import { FEW_IMAGES, wilson } from "../kit/interval.js";
import {
  columns,
  narrowest,
  palette,
  plain,
  type TextOptions,
  textBar,
  truncate,
  whatFits,
} from "../kit/text-table.js";
import { counted, exactly, latencyWords } from "../kit/words.js";

const barWidth = 20;

/**
 * The closing table of a fit, for the terminal: accuracy, costs against the budget, the search, time.
 * ASCII but for `·`, `×`, `–` and what the data's own name brings; ends with a line break.
 */
export function renderFitSummary(report: FitReport, options: TextOptions): string {
  const width = Math.max(options.width, narrowest);
  const paint = palette(options.colour);
  const title = truncate(
    `${plain(report.data.name)} · ${counted(report.data.classes.length, "class", "classes")}`,
    width,
  );
  const [head, ...costs] = costLines(report, { ...options, width });
  const blocks = [
    [paint.strong(title)],
    columns(accuracyRows(report, options), ["left", "left", "left"]),
    [paint.quiet(head!), ...costs, ...binding(report), ...measured(report)],
    searchLines(report, width),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`.replaceAll("\u00a0", " ");
}

function accuracyRows(
  { accuracy, confusion, data: { test, classes } }: FitReport,
  { colour }: TextOptions,
): string[][] {
  if (test === 0) return [["accuracy", "–", "no held-out images"]];
  const [low, high] = wilson(accuracy, test);
  const { balancedAccuracy, macroF1, commonest, commonestClass } = overallScores(confusion);
  const strong = palette(colour).strong;
  const balanced = ["balanced", strong(formatPercent(balancedAccuracy)), "accuracy, the mean over the classes"];
  return [
    ...(isUnequal(confusion) ? [balanced] : []),
    ...(test < FEW_IMAGES
      ? [
          ["accuracy", strong(`${formatPercent(low)} to ${formatPercent(high)}`), "95 % interval"],
          ["", "", `${formatPercent(accuracy)} of ${counted(test, "held-out image")}, too few for one figure`],
        ]
      : [
          ["accuracy", strong(formatPercent(accuracy)), `of ${counted(test, "held-out image")}`],
          ["", "", `95 % interval ${formatPercent(low)} to ${formatPercent(high)}`],
        ]),
    ...(isUnequal(confusion)
      ? [
          [
            "",
            "",
            `macro F1 ${formatPercent(macroF1)}, always saying ${plain(classes[commonestClass]!)} ${formatPercent(commonest)}`,
          ],
        ]
      : []),
  ];
}

/** The head line, then a line a cost; the bar goes first where the window is narrow. */
function costLines({ budget, costs }: FitReport, { colour, width }: TextOptions): string[] {
  const paint = palette(colour);
  const rows = costsInRows(costs).map(({ key, short, format, cost }) => {
    const limit = budget[key];
    if (limit === undefined) return [short, "not limited", format(cost), "–", ""];
    const share = cost / limit;
    const over = cost > limit;
    const tone = over ? paint.bad : paint.good;
    return [
      short,
      format(limit),
      format(cost),
      tone(formatPercent(share)),
      `${tone(textBar(share, barWidth))}${over ? " over" : ""}`,
    ];
  });
  const align = ["left", "right", "right", "right", "left"] as const;
  const head = ["cost", "limit", "reached", "used", ""];
  const full = columns([head, ...rows], align);
  const widest = Math.max(
    ...columns([head, ...rows.map((row) => [...row.slice(0, 4), "#".repeat(barWidth + 5)])], align).map(visible),
  );
  return widest <= width ? full : columns([head.slice(0, 4), ...rows.map((row) => row.slice(0, 4))], align.slice(0, 4));
}

function visible(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character opens a colour code
  return line.replace(/\u001b\[\d+m/g, "").length;
}

function binding({ stoppedBy }: FitReport): string[] {
  return [`stopped by: ${plain(limitName(stoppedBy))}`];
}

/** What was predicted may turn out otherwise. */
function measured({ latency, budget, costs }: FitReport): string[] {
  if (latency === null || typeof costs.latencyMs !== "number") return [];
  return [plain(latencyWords(latency, budget.latencyMs))];
}

/** Label, number, and notes in the order in which they may be dropped from the end. */
type Row = readonly [string, string, readonly string[]];

function searchRows(search: FitSearch): Row[] {
  const arm = (name: "evolution" | "random"): Row => {
    if (!search.trials.some((trial) => trial.strategy === name)) return [name, "–", ["not run"]];
    const top = best(armTrials(search.trials, name))!;
    const compute = name === "evolution" ? search.evolutionMacs : search.randomMacs;
    const notes = [`trial ${top.id}, ${formatCount(top.macs)} MACs`, `best of ${formatCount(compute)} training MACs`];
    return [name, formatPercent(top.accuracy), notes];
  };
  const equal = equalCompute(search) && search.trials.length > 0 ? ["arms at equal compute"] : [];
  return [
    ["trials", exactly(search.trials.length), [`${exactly(search.rejectedByCost)} rejected by cost`, ...equal]],
    arm("evolution"),
    arm("random"),
  ];
}

const timeRow = ({ seconds, seed, engine, threads }: FitReport): Row => [
  "time",
  formatDuration(seconds),
  [`seed ${seed}`, `${plain(engine)}, ${counted(threads, "thread")}`],
];

function searchLines(report: FitReport, width: number): string[] {
  const rows = [...(report.search === null ? [] : searchRows(report.search)), timeRow(report)];
  const taken =
    Math.max(...rows.map(([label]) => label.length)) + Math.max(...rows.map(([, number]) => number.length)) + 4;
  return columns(
    rows.map(([label, number, notes]) => [label, number, whatFits(notes, width - taken)]),
    ["left", "right", "left"],
  );
}
