/** What a search came to, and the studies there are, for the terminal. */
import { formatBytes, formatCount, formatDuration, formatPercent } from "../../base/index.js";
import type { Costs } from "../kit/cost-rows.js";
import { wilson } from "../kit/interval.js";
import { columns, palette, plain, shortened, type TextOptions } from "../kit/text-table.js";
import { counted, exactly, milliseconds } from "../kit/words.js";
import { type FrontRow, type SearchReport, verdict } from "../search-report.js";

export function renderSearch(report: SearchReport, options: TextOptions): string {
  const paint = palette(options.colour);
  const { counts, arms, seed, epochs, images, validation } = report;
  const more = [
    `${exactly(counts.trained)} trained`,
    ...(counts.stopped > 0 ? [`${exactly(counts.stopped)} stopped early`] : []),
    ...(counts.failed > 0 ? [paint.bad(`${exactly(counts.failed)} failed`)] : []),
    ...(counts.repeated > 0 ? [`${exactly(counts.repeated)} met before`] : []),
    `${exactly(report.rejected)} turned away by cost`,
  ];
  return [
    paint.strong(`${plain(report.title)} · study ${plain(report.name)}`),
    "",
    ...frontTable(report.front, validation, options),
    "",
    ...columns(
      [
        ["strategy", "trials", "best", "volume", "training MACs"].map(paint.quiet),
        ...arms.map((arm) => [
          arm.name,
          exactly(arm.trials),
          formatPercent(arm.accuracy),
          arm.volume.toFixed(4),
          formatCount(arm.compute),
        ]),
      ],
      ["left", "right", "right", "right", "right"],
    ),
    ...(verdict(arms) === "" ? [] : [verdict(arms)]),
    ...(report.warmStart
      ? [
          "trials that come from another began with its weights; random search has no parents, so its accuracies are of fewer epochs in all",
        ]
      : []),
    ...rankingLine(report.ranking),
    "",
    `trials  ${more.join(" · ")}`,
    ...(report.exhaustedBefore === null
      ? []
      : [
          `ended   before ${exactly(report.exhaustedBefore)} trials: ${plain(report.strategy)} has nothing more to propose`,
        ]),
    `each    ${counted(epochs, "epoch")} of ${exactly(images)} images, measured on ${exactly(validation)} others · seed ${seed}`,
    ...(report.latencyOn === null ? [] : [`latency predicted from blocks measured on ${plain(report.latencyOn)}`]),
    `spent   ${formatCount(report.compute)} MACs · ${formatDuration(report.seconds)} · ${plain(report.engine)}, ${counted(report.threads, "thread")}`,
  ].join("\n");
}

/** @param validation images that accuracies were measured on, for the intervals. */
function frontTable(front: readonly FrontRow[], validation: number, { colour, width }: TextOptions): string[] {
  const paint = palette(colour);
  if (front.length === 0) return ["no trial was trained to its end"];
  const rows = front.map(({ id, accuracy, costs, isKnee }) => {
    const [low, high] = wilson(accuracy, validation);
    return [
      `${id}${isKnee ? " *" : "  "}`,
      formatPercent(accuracy),
      paint.quiet(`${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)}`),
      formatCount(costs.params),
      formatCount(costs.macs),
      formatBytes(costs.peakActivationBytes),
      ...(typeof costs.latencyMs === "number" ? [milliseconds(costs.latencyMs)] : []),
    ];
  });
  const names = ["trial  ", "accuracy", "95 %", "params", "MACs", "activations", "latency"];
  const head = names.slice(0, rows[0]!.length).map(paint.quiet);
  const lines = columns(
    [head, ...rows],
    head.map(() => "right"),
  );
  const widest = Math.max(
    ...columns(
      [head, ...rows].map((row) => [row.join("  ")]),
      ["left"],
    ).map((line) => line.length),
  );
  const room = width - widest - 12;
  const summaries = shortened(
    front.map(({ summary }) => summary),
    room,
  );
  const described = lines.map((line, i) =>
    i === 0 || room < 24 ? line : `${line}  ${paint.quiet(summaries[i - 1]!)}`,
  );
  return front.some(({ isKnee }) => isKnee) ? [...described, paint.quiet("* where the front bends most")] : described;
}

function rankingLine(ranking: SearchReport["ranking"]): string[] {
  if (ranking === null) return [];
  const { tau, low, high, networks } = ranking;
  const figures = `${tau.toFixed(2)} (95 % ${low.toFixed(2)} to ${high.toFixed(2)})`;
  return [`Kendall's τ between shared weights and training alone: ${figures}, ${counted(networks, "network")}`];
}

export type StudyRow = {
  readonly name: string;
  readonly kind: string;
  readonly createdAt: string;
  readonly trials: number;
  readonly failed: number;
};

export function renderStudies(place: string, studies: readonly StudyRow[], { colour }: TextOptions): string {
  const paint = palette(colour);
  if (studies.length === 0) return `no studies in ${plain(place)}`;
  return columns(
    [
      ["study", "kind", "trials", "failed", "begun"].map(paint.quiet),
      ...studies.map(({ name, kind, trials, failed, createdAt }) => [
        plain(name),
        kind,
        exactly(trials),
        failed === 0 ? "–" : paint.bad(exactly(failed)),
        createdAt.slice(0, 16).replace("T", " "),
      ]),
    ],
    ["left", "left", "right", "right", "left"],
  ).join("\n");
}

export type TrialRow = {
  /** From 1, as is the one it is the same as. */
  readonly id: number;
  readonly arm: string;
  readonly state: string;
  readonly sameAs: number | null;
  readonly accuracy: number;
  readonly epochs: number;
  readonly curve: readonly number[];
  readonly costs: Costs;
  readonly seconds: number;
  readonly error: string | null;
  /** In a line. */
  readonly network: string;
};

export function renderTrials(trials: readonly TrialRow[], { colour, width }: TextOptions): string {
  const paint = palette(colour);
  const rows = trials.map(({ id, arm, state, sameAs, accuracy, epochs, curve, costs, seconds }) => [
    String(id),
    plain(arm),
    state === "failed" ? paint.bad("failed") : formatPercent(accuracy),
    formatCount(costs.params),
    formatCount(costs.macs),
    `${curve.length}/${epochs}`,
    sameAs === null ? formatDuration(seconds) : paint.quiet(`as ${sameAs}`),
  ]);
  const head = ["trial", "by", "accuracy", "params", "MACs", "epochs", "time"];
  const align = ["right", "left", "right", "right", "right", "right", "right"] as const;
  const [first, ...lines] = columns([head, ...rows], align);
  const room = Math.max(20, width - first!.length - 2);
  // A terminal wraps what is too long; a network is worth less than that, a reason not.
  const networks = shortened(
    trials.map(({ network }) => plain(network)),
    room,
  );
  const last = trials.map(({ error }, i) =>
    error === null ? paint.quiet(networks[i]!) : paint.bad(plain(error.split("\n")[0]!)),
  );
  return [paint.quiet(`${first}  network`), ...lines.map((line, i) => `${line}  ${last[i]}`)].join("\n");
}

export type ComparedStudy = {
  readonly name: string;
  readonly trials: number;
  readonly front: number;
  readonly accuracy: number;
  /** In the box of all the studies that are compared. */
  readonly volume: number;
  readonly compute: number;
};

export function renderStudyComparison(studies: readonly ComparedStudy[], { colour }: TextOptions): string {
  const paint = palette(colour);
  return columns(
    [
      ["study", "trials", "on its front", "best", "volume", "training MACs"].map(paint.quiet),
      ...studies.map(({ name, trials, front, accuracy, volume, compute }) => [
        plain(name),
        exactly(trials),
        exactly(front),
        formatPercent(accuracy),
        volume.toFixed(4),
        formatCount(compute),
      ]),
    ],
    ["left", "right", "right", "right", "right", "right"],
  ).join("\n");
}
