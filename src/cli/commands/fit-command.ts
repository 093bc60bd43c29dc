import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { commandLine, formatDurationExactly, overallScores } from "../../base/index.js";
import type { Shape } from "../../data/index.js";
import { fit, type Metric } from "../../jobs/index.js";
import { renderFitSummary } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import type { Budget } from "../../scaling/index.js";
import { defineCommand } from "../command.js";
import {
  budgetOf,
  budgetOptions,
  cacheFolder,
  cacheOptions,
  deviceOptions,
  engineOf,
  goldenOption,
  headline,
  metricFrom,
  metricOption,
  mirrorFrom,
  mirrorOption,
  overwriteOption,
  shapeFrom,
  shapeOption,
  workersOption,
} from "./common-options.js";
import { latencyBy, latencyOptions } from "./latency-table.js";

const defaultBudget: Budget = { params: 100_000, macs: 5_000_000 };

export const fitCommand = defineCommand({
  name: "fit",
  summary: "Find, train and ship a network that keeps a budget",
  description:
    "Takes a folder with one sub-folder of images per class (or the IDX files of MNIST's family), sizes a network for the budget and the time (or searches one), trains it and writes model.safetensors, model.onnx and report.html. Stopped with Ctrl-C, the same command goes on where it was.",
  examples: [
    ["bantam fit photos", "the default budget: 100k parameters, 5M multiply-accumulates"],
    [
      "bantam fit photos --max-latency 2ms --latency-table laptop.json",
      "for this machine, by a table of `bantam bench`",
    ],
    ["bantam fit photos --max-macs 20M --max-memory 256kB --time 30m", "for a microcontroller, in half an hour"],
  ],
  arguments: { data: { kind: "path", help: "folder of images, one sub-folder a class, or of IDX files" } },
  options: {
    ...budgetOptions,
    ...latencyOptions,
    time: { kind: "duration", default: 600, min: 10, max: 30 * 86_400, help: "for everything; kept within a tenth" },
    out: { kind: "path", help: "folder for the results; by default runs/NAME" },
    seed: { kind: "integer", min: 0, default: 0, help: "the same seed gives the same network" },
    ...shapeOption,
    ...metricOption,
    search: {
      kind: "flag",
      help: "also searches architectures, for a quarter of the time; by default a network that was found before has all of it",
    },
    trials: { kind: "integer", min: 1, help: "a search of exactly so many trials, whatever the time" },
    epochs: { kind: "integer", min: 1, help: "exactly so many epochs of final training, whatever the time" },
    mirror: { ...mirrorOption.mirror, help: "whether training mirrors pictures; by default auto: where they bear it" },
    repeat: {
      kind: "path",
      placeholder: "FOLDER",
      help: "come to the same bytes as the finished fit in this folder: with its trials and epochs, whatever the time",
    },
    ...overwriteOption,
    ...deviceOptions,
    ...workersOption,
    ...goldenOption,
    ...cacheOptions,
  },
  shows: "stderr",
  run: async (values, context) => {
    const given = budgetOf(values);
    const budget = Object.keys(given).length === 0 ? defaultBudget : given;
    if (budget === defaultBudget) context.progress.line("no limit given: keeping to --max-params 100k --max-macs 5M");
    const out = values.out ?? join("runs", basename(resolve(values.data)));
    const engine = await engineOf(values, context);
    const { model, onnx, page, ...report } = await fit({
      data: values.data,
      exclude: values.exclude,
      metric: metricFrom(values),
      shape: shapeFrom(values),
      budget,
      latency: await latencyBy(values, { "--max-latency": values.maxLatency }),
      seconds: values.time,
      out,
      overwrite: values.overwrite,
      repeat: values.repeat,
      seed: values.seed,
      search: values.search || undefined,
      trials: values.trials,
      epochs: values.epochs,
      mirror: mirrorFrom(values),
      engine,
      workers: values.workers,
      goldenPhotos: values.goldenPhotos,
      cacheDir: await cacheFolder(values.cache, context),
      command: repeating({ ...values, shape: shapeFrom(values), metric: metricFrom(values) }, budget, out, engine),
      signal: context.signal,
      progress: context.progress,
    });
    const { mistakes: _pictures, ...facts } = report;
    const { balancedAccuracy, macroF1, commonest } = overallScores(facts.confusion);
    const scores = { balancedAccuracy, macroF1, commonest };
    return { model, onnx, report: page, trials: facts.search?.trials ?? [], ...scores, ...facts };
  },
  brief: ({ onnx, accuracy, data, costs }) => headline(onnx, accuracy, data.test, costs),
  show: ({ model, onnx, report, trials: _, ...facts }, { paint, colour, width }) =>
    [
      renderFitSummary({ ...facts, mistakes: [] }, { colour, width }),
      ...[model, onnx].map((file) => `  ${file}`),
      `  ${paint.bold(pathToFileURL(resolve(report)).href)}`,
    ].join("\n"),
});

type Repeatable = {
  readonly latencyTable: string | undefined;
  readonly latencyDevice: string | undefined;
  readonly latencyThreads: number | undefined;
  readonly data: string;
  readonly exclude: string | undefined;
  readonly metric: Metric | undefined;
  readonly shape: Shape | undefined;
  readonly time: number;
  readonly seed: number;
  readonly search: boolean;
  readonly trials: number | undefined;
  readonly epochs: number | undefined;
  readonly mirror: "on" | "off" | "auto" | undefined;
  readonly cache: string | undefined;
  readonly goldenPhotos: boolean;
};

/** The command that gives this result again, in a folder beside it. */
function repeating(
  {
    data,
    exclude,
    metric,
    shape,
    time,
    seed,
    search,
    trials,
    epochs,
    mirror,
    cache,
    goldenPhotos,
    ...latency
  }: Repeatable,
  budget: Budget,
  out: string,
  { device, threads }: Pick<Engine, "device" | "threads">,
): string {
  return commandLine(["bantam", "fit", data], {
    exclude,
    metric,
    shape,
    "max-latency": budget.latencyMs && `${budget.latencyMs}ms`,
    "latency-table": latency.latencyTable,
    "latency-device": latency.latencyDevice,
    "latency-threads": latency.latencyThreads,
    "max-params": budget.params,
    "max-macs": budget.macs,
    "max-memory": budget.peakActivationBytes,
    "max-size": budget.weightBytes,
    time: formatDurationExactly(time),
    seed,
    search: search || undefined,
    trials,
    epochs,
    mirror: mirror === "auto" ? undefined : mirror,
    device,
    threads,
    cache,
    "golden-photos": goldenPhotos,
    repeat: out,
    out: `${out}-again`,
  });
}
