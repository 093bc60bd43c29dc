import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readTextFile } from "../../base/files.js";
import { commandLine, looksLikeServer, UsageError } from "../../base/index.js";
import { defaultScore, defaultSupernet, type SearchOptions, searchNetworks, VERSION } from "../../jobs/index.js";
import { zeroCostNames } from "../../proxies/index.js";
import { renderSearch, renderSearchPage, type SearchReport } from "../../report/index.js";
import { hardConstraint, parseSpaceConfig, softConstraint, strategyNames } from "../../search/index.js";
import { shownPlace } from "../../study/index.js";
import { defineCommand } from "../command.js";
import {
  budgetOf,
  budgetOptions,
  cacheFolder,
  cacheOptions,
  deviceOptions,
  engineOf,
  flagOf,
  metricFrom,
  metricOption,
  milliseconds,
  mirrorFrom,
  mirrorOption,
  refuse,
  shapeFrom,
  shapeOption,
} from "./common-options.js";
import { latencyBy, latencyOptions } from "./latency-table.js";
import { axesOf } from "./study-axes.js";

export const searchCommand = defineCommand({
  name: "search",
  summary: "Search architectures within a budget, every trial kept in a study",
  description:
    "Trains candidates for a few epochs each, chosen by a strategy, and as many by random search at equal compute, so that one can see what the strategy is worth. The study's folder gets a report.html, or report-NAME.html with --name. Trials lie in SQL: a folder of its own, or a PostgreSQL server. Stopped in any way, the same command goes on after the last finished trial.",
  examples: [
    ["bantam search photos --max-macs 5M", "aging evolution, thirty trials"],
    [
      "bantam search photos --strategy nsga2 --axes macs,params --trials 100 --study studies",
      "a front of three objectives",
    ],
    ["bantam search photos --target-latency 2ms --latency-table laptop.json", "MnasNet's reward"],
  ],
  arguments: { data: { kind: "path", help: "folder of images, one sub-folder a class, or of IDX files" } },
  options: {
    ...budgetOptions,
    strategy: {
      kind: "choice",
      of: [...strategyNames, "controller", "supernet", "prefiltered"],
      default: "evolution",
      help: "who proposes",
    },
    ...shapeOption,
    ...metricOption,
    ...mirrorOption,
    study: { kind: "place", help: "folder or postgres:// address; by default runs/NAME-search" },
    name: { kind: "text", help: "of the study in there; by default the data's" },
    trials: { kind: "integer", min: 1, default: 30, help: "that are trained, random search's included" },
    time: { kind: "duration", min: 1, help: "begin no trial after so long" },
    epochs: { kind: "integer", min: 1, default: 3, help: "of a trial" },
    images: { kind: "count", min: 1, help: "training images of a trial; by default all" },
    axes: {
      kind: "text",
      default: "macs,params",
      help: "minimized beside the error: macs, params, memory, size, latency",
    },
    population: { kind: "integer", min: 2, max: 1000, help: "of evolution, by default 6, and of nsga2, by default 12" },
    "target-macs": {
      kind: "count",
      min: 1,
      help: "evolution and controller maximize accuracy · (MACs ÷ target)^w; by default accuracy alone",
    },
    "target-latency": { kind: "duration", min: 0, help: "the same with the latency by --latency-table" },
    ...latencyOptions,
    reward: {
      kind: "choice",
      of: ["soft", "hard"],
      help: "w = −0.07, or 0 below the target and −1 above (by default soft)",
    },
    "early-stopping": { kind: "flag", help: "stop trials that cannot come onto the front any more" },
    "warm-start": {
      kind: "flag",
      help: "begin trials that come from another with its weights; netadapt does so anyway",
    },
    "supernet-epochs": {
      kind: "integer",
      min: 1,
      help: `of the weights that --strategy supernet shares; by default ${defaultSupernet.epochs}`,
    },
    judged: {
      kind: "integer",
      min: 1,
      help: `candidates that those weights judge; by default ${defaultSupernet.judged}`,
    },
    score: {
      kind: "choice",
      of: zeroCostNames,
      help: `without training, for --strategy prefiltered: of eight random candidates the best by it is trained (by default ${defaultScore})`,
    },
    space: { kind: "path", help: "JSON file that narrows a space or is one: schema/space.schema.json" },
    seed: { kind: "integer", min: 0, default: 0, help: "the same seed proposes the same candidates" },
    overwrite: { kind: "flag", help: "begins the study of this name anew; by default another one is refused" },
    ...deviceOptions,
    ...cacheOptions,
  },
  run: async (values, context) => {
    refuseUnused(values);
    const axes = axesOf(values.axes);
    const latency = await latencyBy(values, {
      "--max-latency": values.maxLatency,
      "--target-latency": values.targetLatency,
      "--axes latency": axes.includes("latencyMs") || undefined,
    });
    const study = values.study ?? join("runs", `${basename(resolve(values.data))}-search`);
    const page = pageOf(study, { ...values, shape: shapeFrom(values) });
    const found = await searchNetworks({
      data: values.data,
      exclude: values.exclude,
      metric: metricFrom(values),
      mirror: mirrorFrom(values),
      shape: shapeFrom(values),
      budget: budgetOf(values),
      latency,
      strategy: values.strategy,
      strategyOptions: values.population === undefined ? undefined : { population: values.population },
      study,
      page,
      name: values.name,
      trials: values.trials,
      seconds: values.time,
      epochs: values.epochs,
      images: values.images,
      axes,
      target: targetOf(values),
      earlyStopping: values.earlyStopping,
      score: values.score,
      warmStart: values.warmStart || undefined,
      supernet: {
        epochs: values.supernetEpochs ?? defaultSupernet.epochs,
        judged: values.judged ?? defaultSupernet.judged,
      },
      space: values.space === undefined ? undefined : parseSpaceConfig(await readTextFile(values.space), values.space),
      seed: values.seed,
      overwrite: values.overwrite,
      engine: await engineOf(values, context),
      cacheDir: await cacheFolder(values.cache, context),
      signal: context.signal,
      progress: context.progress,
    });
    return { ...found, report: join(page.folder, page.name), next: page.next(found) };
  },
  show: ({ report, next, ...found }, view) =>
    [
      renderSearch(found, view),
      ...(next.length === 0 ? [] : ["", "to train one of them to its end:", ...next.map((line) => `  ${line}`)]),
      "",
      view.paint.bold(pathToFileURL(resolve(report)).href),
    ].join("\n"),
});

/** The page of a search, in its folder: one for each named study there, `report.html` where none is named. */
function pageOf(study: string, { data, name, shape }: Pick<SearchOptions, "data" | "name" | "shape">) {
  const folder = looksLikeServer(study) ? join("runs", `${basename(resolve(data))}-search`) : study;
  const next = (found: SearchReport): readonly string[] => {
    const chosen = found.front.find(({ isKnee }) => isKnee) ?? found.front.at(-1);
    if (chosen === undefined) return [];
    const file = join(folder, `trial-${chosen.id}.json`);
    const place = shownPlace(study);
    return [
      commandLine(["bantam", "study", "export", place, found.name], { trial: chosen.id, out: file }),
      commandLine(["bantam", "train", data], { network: file, shape }),
    ];
  };
  return {
    folder,
    next,
    name: name === undefined ? "report.html" : `report-${encodeURIComponent(name)}.html`,
    render: (found: SearchReport) =>
      renderSearchPage({ ...found, next: next(found), createdAt: new Date().toISOString(), version: VERSION }),
  };
}

/** Which strategies an option is for. */
const usedBy = {
  population: ["evolution", "nsga2"],
  targetMacs: ["evolution", "controller"],
  targetLatency: ["evolution", "controller"],
  warmStart: ["evolution", "nsga2", "successive-halving", "netadapt"],
  supernetEpochs: ["supernet"],
  judged: ["supernet"],
  score: ["prefiltered"],
} as const;

type Given = { readonly strategy: string; readonly reward: string | undefined } & {
  readonly [Name in keyof typeof usedBy]: unknown;
};

function refuseUnused(values: Given): void {
  for (const [name, strategies] of Object.entries(usedBy)) {
    if ((strategies as readonly string[]).includes(values.strategy)) continue;
    const needs = `--strategy ${strategies.join(" or ")}`;
    refuse({ [flagOf(name)]: values[name as keyof typeof usedBy] }, needs, values.strategy);
  }
  if (values.targetMacs === undefined && values.targetLatency === undefined)
    refuse({ "--reward": values.reward }, "--target-macs or --target-latency", "none");
}

type TargetValues = {
  readonly targetMacs: number | undefined;
  readonly targetLatency: number | undefined;
  readonly reward: "soft" | "hard" | undefined;
};

function targetOf({ targetMacs, targetLatency, reward }: TargetValues): SearchOptions["target"] {
  const exponents = reward === "hard" ? hardConstraint : softConstraint;
  if (targetMacs !== undefined && targetLatency !== undefined) {
    const expected = "one target, --target-macs or --target-latency";
    throw new UsageError({ at: "--target-latency", expected, received: "both" });
  }
  if (targetMacs !== undefined) return { cost: "macs", value: targetMacs, exponents };
  return targetLatency === undefined ? undefined : { cost: "latencyMs", value: milliseconds(targetLatency), exponents };
}
