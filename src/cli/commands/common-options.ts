/** Options and small things that several commands have in common. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { requireWritable } from "../../base/files.js";
import { FileError, formatCount, UsageError } from "../../base/index.js";
import { type Shape, shapes } from "../../data/index.js";
import { type Metric, metrics } from "../../jobs/index.js";
import { type BuildOptions, parseNetwork } from "../../networks/index.js";
import { accuracyInWords } from "../../report/index.js";
import { availableEngines, chooseEngine, type DeviceChoice, type Engine } from "../../runtime/index.js";
import type { Budget } from "../../scaling/index.js";
import type { Context } from "../command.js";

export const devices = "the processor, natively (cpu) or by WebAssembly (wasm), or a graphics chip (webgpu)";

export const deviceOptions = {
  threads: {
    kind: "integer",
    min: 1,
    max: 256,
    env: "BANTAM_THREADS",
    help: "processor threads; by default all cores",
  },
  device: {
    kind: "choice",
    of: ["auto", "cpu", "wasm", "webgpu"],
    default: "auto",
    help: `${devices}; auto: cpu, or wasm where that is missing`,
  },
} as const;

export const workersOption = {
  workers: {
    kind: "integer",
    min: 0,
    max: 256,
    help: "threads that assemble batches; by default as many as the first steps suggest",
  },
} as const;

export const goldenOption = {
  "golden-photos": {
    kind: "flag",
    help: "put three of the data's own pictures into model.onnx to check it by; by default drawn ones",
  },
} as const;

/** `maxMacs` → `--max-macs`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * What would change nothing was meant to change something.
 *
 * @param options values by their flags, `undefined` or `false` where not given. @param needs what they stand beside.
 * @throws {UsageError} for the first that is given.
 */
export function refuse(options: Readonly<Record<string, unknown>>, needs: string, received: string): void {
  for (const [at, value] of Object.entries(options)) {
    if (value === undefined || value === false) continue;
    throw new UsageError({ at, expected: `${needs} beside it`, received });
  }
}

export const overwriteOption = {
  overwrite: {
    kind: "flag",
    help: "begins anew where the folder holds this or another job; by default that is refused, or gone on with",
  },
} as const;

export const excludeOption = {
  exclude: { kind: "path", help: "list of pictures to leave out, as `bantam check DATA --write FILE` makes it" },
} as const;

export const metricOption = {
  metric: {
    kind: "choice",
    of: ["auto", ...metrics],
    help: "by which states and trials are chosen, and whether small classes are drawn more often; by default auto: balanced accuracy where classes are of unequal size",
  },
} as const;

export const mirrorOption = {
  mirror: {
    kind: "choice",
    of: ["auto", "on", "off"],
    help: "whether training mirrors pictures; by default auto: colour ones, where the recipe does",
  },
} as const;

/** Undefined: as nobody says. */
export const mirrorFrom = ({ mirror }: { readonly mirror: "auto" | "on" | "off" | undefined }): boolean | undefined =>
  mirror === undefined || mirror === "auto" ? undefined : mirror === "on";

/** Undefined: as the sizes of the classes suggest. */
export const metricFrom = ({ metric }: { readonly metric: "auto" | Metric | undefined }): Metric | undefined =>
  metric === "auto" ? undefined : metric;

/** What is said of pictures: which, and how they become squares. */
export const shapeOption = {
  ...excludeOption,
  shape: {
    kind: "choice",
    of: ["auto", ...shapes],
    help: "how pictures become squares: their middle, squeezed, or whole on grey; by default as their shapes suggest",
  },
} as const;

/** Undefined: as the pictures suggest. */
export const shapeFrom = ({ shape }: { readonly shape: "auto" | Shape | undefined }): Shape | undefined =>
  shape === "auto" ? undefined : shape;

export const cacheOptions = {
  cache: { kind: "path", env: "BANTAM_CACHE", help: "folder for decoded images; by default ~/.cache/bantam" },
} as const;

export const budgetOptions = {
  "max-params": { kind: "count", min: 1, help: "trainable parameters" },
  "max-macs": { kind: "count", min: 1, help: "multiply-accumulates per image" },
  "max-memory": { kind: "bytes", min: 1, help: "peak activation memory, fp32" },
  "max-size": { kind: "bytes", min: 1, help: "bytes of the shipped weights" },
} as const;

/** A published network in one word; `networkOf` reads it. */
export const networkWord = {
  kind: "text",
  placeholder: "NETWORK",
  help: "e.g. efficientnet-b0, mobilenet-v2-0.5@160, torch-mobilenet-v2; `bantam networks` lists them",
} as const;

export const networkOptions = {
  width: { kind: "number", min: 0.05, max: 10, help: "width multiplier; by default 1, the published network" },
  depth: { kind: "number", min: 0.1, max: 10, default: 1, help: "depth multiplier" },
  resolution: { kind: "integer", min: 8, max: 2048, help: "input side in px; by default the published one" },
} as const;

type NetworkValues = {
  readonly width: number | undefined;
  readonly depth: number;
  readonly resolution: number | undefined;
};

/** @throws {UsageError} when there is no such network, or when the word and the options name two widths or resolutions. */
export function networkOf(
  word: string,
  { depth, ...options }: NetworkValues,
): BuildOptions & { readonly name: string } {
  const { name, ...named } = parseNetwork(word);
  for (const key of ["width", "resolution"] as const) {
    if (named[key] === undefined || options[key] === undefined) continue;
    throw new UsageError({
      at: `--${key}`,
      expected: `one ${key}`,
      received: `${named[key]} in ${JSON.stringify(word)} and ${options[key]}`,
    });
  }
  const width = named.width ?? options.width;
  const resolution = named.resolution ?? options.resolution;
  return { name, depth, ...(width !== undefined && { width }), ...(resolution !== undefined && { resolution }) };
}

/** Without what binary fractions add: 0.00012 s are 0.12 ms. */
export const milliseconds = (seconds: number): number => Number((seconds * 1000).toPrecision(12));

type BudgetValues = {
  readonly maxParams: number | undefined;
  readonly maxMacs: number | undefined;
  readonly maxMemory: number | undefined;
  readonly maxSize: number | undefined;
  /** Seconds. */
  readonly maxLatency: number | undefined;
};

export function budgetOf({ maxParams, maxMacs, maxMemory, maxSize, maxLatency }: BudgetValues): Budget {
  return {
    ...(maxParams !== undefined && { params: maxParams }),
    ...(maxMacs !== undefined && { macs: maxMacs }),
    ...(maxMemory !== undefined && { peakActivationBytes: maxMemory }),
    ...(maxSize !== undefined && { weightBytes: maxSize }),
    ...(maxLatency !== undefined && { latencyMs: milliseconds(maxLatency) }),
  };
}

/**
 * Where decoded images are kept. An empty `XDG_CACHE_HOME` is an unset one, and so is a relative one.
 *
 * @throws {FileError} when nothing can be written there, as with a home that is not there: the hint names `--cache`.
 * @source https://specifications.freedesktop.org/basedir-spec
 */
export async function cacheFolder(cache: string | undefined, { env }: Pick<Context, "env">): Promise<string> {
  const { XDG_CACHE_HOME: shared = "" } = env;
  const folder = cache ?? join(isAbsolute(shared) ? shared : join(homedir(), ".cache"), "bantam");
  await requireWritable(folder).catch((error: unknown) => {
    if (!(error instanceof FileError)) throw error;
    const hint = "decoded images are kept there; --cache FOLDER or BANTAM_CACHE names another place";
    throw new FileError({ ...error.facts, hint }, { cause: error });
  });
  return folder;
}

/** What a training came to, in a line: `runs/photos/model.onnx: 89.3 % of 2000 held-out images, 98.4 k params, 2.14 M MACs`. */
export const headline = (
  file: string,
  accuracy: number,
  images: number,
  { params, macs }: { readonly params: number; readonly macs: number },
): string =>
  `${file}: ${accuracyInWords(accuracy, images, "held-out images")}, ${formatCount(params)} params, ${formatCount(macs)} MACs`;

type DeviceValues = { readonly device: DeviceChoice; readonly threads: number | undefined };

export const engineOf = ({ device, threads }: DeviceValues, { warn }: Pick<Context, "warn">): Promise<Engine> =>
  chooseEngine(device, threads, warn);

/** With `auto` those of every device that is there, for a training to choose from. */
export async function enginesOf(
  values: DeviceValues,
  context: Pick<Context, "warn">,
): Promise<Engine | readonly Engine[]> {
  return values.device === "auto" ? availableEngines(values.threads, context.warn) : engineOf(values, context);
}
