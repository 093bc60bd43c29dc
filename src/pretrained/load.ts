/** Other people's weights as a model of ours. */
import { lastly, SEAL_KEY, UsageError } from "../base/index.js";
import { costsOfProfile, profileGraph } from "../cost/index.js";
import type { Preprocessing } from "../data/index.js";
import { type Architecture, buildNetwork } from "../networks/index.js";
import { loadModel, type Model } from "../shipping/index.js";
import { finiteFloat32, openSafetensors, type SafetensorsFile } from "../weights/index.js";
import { buildChosen, chooseNetwork, type NetworkChoice, requireDialect, wordOf } from "./choice.js";
import { fromForeign, type LayoutName } from "./layouts/weight-layout.js";
import { familiar, ownerOf, recognise, requireAll } from "./match.js";
import {
  classNames,
  dropFirst,
  dropsBackground,
  labelsFor,
  neededOf,
  newClassifier,
  outputsOf,
} from "./new-classifier.js";
import { kerasPreprocessing, torchvisionPreprocessing } from "./published-preprocessing.js";
import { type LoadContext, locate, type Source } from "./source.js";
import { parseTimmConfig, type TimmConfig } from "./timm-config.js";
import { timmPreprocessing } from "./timm-models.js";

export type LoadOptions = {
  /** `hf:owner/name[@revision][:file]`, a safetensors file, or a folder laid out like a repository of the Hub. */
  readonly weights: string;
  /** In one word, as `parseNetwork` reads it, or as options. May be left out where the source says it. */
  readonly network?: string | NetworkChoice | undefined;
  /** A classifier of so many classes, or for classes of these names, in place of the source's; it knows nothing yet. */
  readonly replaceClassifier?: number | readonly string[] | undefined;
  /**
   * Whether to leave out the first output, which stands for "none of them" in weights of 1001 classes. Where a source has 1001
   * and does not say what the first one is, this has to.
   */
  readonly background?: "drop" | "keep" | undefined;
  /** Of a new classifier; 0 where left out. */
  readonly seed?: number | undefined;
};

/**
 * A model from the weights of timm, torchvision or Keras, from the Hub or this disk, or from one of our own files.
 *
 * Network, preprocessing and class names are the source's own where it says them (timm's repositories have a config.json);
 * else the network is the user's word, the preprocessing its library's, and 1000 classes are ImageNet's. Every tensor must
 * have its place and shape; only `num_batches_tracked`, and in Keras' files the input scaling and dropout's seeds, are left
 * behind. Below 96 px, too, the network keeps the strides that the weights were trained with.
 *
 * @returns a model whose `history.pretrained` says where it comes from, and whether its classifier is new.
 * @throws {ModelError} for files that are damaged, of a format that is not read, or of another network.
 * @throws {UsageError} for a network that there is not, or another one than the source's.
 * @throws {FileError} @throws {NetworkError}
 * @example
 * await loadPretrained({ weights: "hf:timm/mobilenetv3_small_100.lamb_in1k" });
 * await loadPretrained({ weights: "mobilenet_v2.safetensors", network: "torch-mobilenet-v2", replaceClassifier: 5 });
 */
export function loadPretrained(options: LoadOptions, context: LoadContext = {}): Promise<Model> {
  return load(options, context, options.replaceClassifier);
}

/**
 * The same to be trained further. Of other people's weights the classifier is left behind, whatever there is of it; one of our own
 * files keeps it, since the classes may be the same: see `withClasses`.
 */
export function loadForTraining(
  options: Pick<LoadOptions, "weights" | "network">,
  context: LoadContext = {},
): Promise<Model> {
  return load(options, context, 2);
}

/** @param foreignClassifier as `replaceClassifier`, of weights that are not our own. */
async function load(
  options: LoadOptions,
  context: LoadContext,
  foreignClassifier: LoadOptions["replaceClassifier"],
): Promise<Model> {
  const source = await locate(options.weights, context);
  const file = await openSafetensors(source.file);
  return lastly(
    async () => {
      // By the digest as well: a damaged file of ours is not to pass for somebody else's.
      const isOurs = file.metadata.format?.startsWith("bantam-model-") === true || SEAL_KEY in file.metadata;
      const model = isOurs
        ? await ownModel(source, options, context)
        : await foreignModel(source, file, { ...options, replaceClassifier: foreignClassifier });
      context.progress?.line(describe(model));
      return model;
    },
    () => file.close(),
  );
}

/** What `loadPretrained` leaves in a model's history, for people. */
type Provenance = {
  readonly weights: string;
  readonly layout: LayoutName | "bantam";
  readonly network: string;
  readonly classifier: "the source's" | "new";
};

const withProvenance = (model: Model, provenance: Provenance): Model => ({
  ...model,
  history: { ...model.history, pretrained: provenance },
});

function describe({ architecture, tensors, history }: Model): string {
  const { layout, classifier } = history.pretrained as Provenance;
  const owner = layout === "bantam" ? "Bantam's" : ownerOf[layout];
  const head = classifier === "new" ? ", with a new classifier" : "";
  return `${architecture.name}: ${tensors.size} tensors under ${owner} names${head}`;
}

async function ownModel({ file, at }: Source, options: LoadOptions, { progress }: LoadContext): Promise<Model> {
  const { network, replaceClassifier } = options;
  const model = await loadModel(file, (text) => progress?.line(text));
  const { architecture } = model;
  const chosen = chooseNetwork(network, null);
  if (chosen !== null && !isOf(architecture, chosen)) {
    throw new UsageError({ at: "network", expected: `${architecture.name}, as ${at} says`, received: wordOf(chosen) });
  }
  const size = chosen?.resolution ?? architecture.resolution;
  const resized: Model = {
    ...model,
    architecture: { ...architecture, resolution: size },
    preprocessing: { ...model.preprocessing, size },
  };
  const provenance = { weights: at, layout: "bantam", network: architecture.name } as const;
  if (replaceClassifier === undefined) {
    return withProvenance(counted(resized), { ...provenance, classifier: "the source's" });
  }
  const classes = classNames(replaceClassifier);
  const replaced = { ...resized.architecture, classes: classes.length };
  const tensors = new Map([...model.tensors, ...newClassifier(replaced, options.seed)]);
  const result = counted({ ...resized, classes, architecture: replaced, tensors });
  return withProvenance(result, { ...provenance, classifier: "new" });
}

/** By name and widths: a file of ours may have lost strides to its resolution. */
function isOf(architecture: Architecture, chosen: NetworkChoice): boolean {
  const { classes, channels } = architecture;
  const widths = ({ stages }: Architecture) => JSON.stringify(stages.map(({ stride: _, ...row }) => row));
  const named = buildChosen(chosen, { classes, channels });
  return wordOf({ name: named.name }) === wordOf({ name: architecture.name }) && widths(named) === widths(architecture);
}

async function foreignModel(source: Source, file: SafetensorsFile, options: LoadOptions): Promise<Model> {
  const { at } = source;
  const config = source.config === null ? null : parseTimmConfig(source.config.text, source.config.at);
  const found = config === null ? null : { network: config.network, at: source.config!.at };
  const choice = chooseNetwork(options.network, found);
  if (choice === null) {
    const hint = familiar(file.tensors) ?? "name it with --network";
    throw new UsageError({ at: "network", expected: `the network that ${at} is for`, received: "nothing", hint });
  }
  const channels = config?.preprocessing.channels ?? 3;
  const usual = buildChosen(choice, { classes: 1000, channels });
  const recognised = recognise(file.tensors, usual, at);
  requireDialect(usual, recognised.layout);

  const preprocessing = preprocessingOf(choice, usual, recognised.layout, config);
  const resolution = preprocessing.size;
  const outputs = outputsOf(recognised, config, options, at);
  const given = buildChosen(choice, { classes: outputs, channels, resolution });
  const { entries, unneeded } = neededOf(recognised.entriesOf(given), options.replaceClassifier !== undefined);
  requireAll(entries, recognised, { network: wordOf(choice), at, unneeded });

  const tensors = new Map<string, Float32Array>();
  for (const entry of entries) {
    const { written } = recognised.tensors.get(entry.foreign)!;
    const numbers = finiteFloat32(await file.read(written), `${at}: ${written}`);
    tensors.set(entry.name, fromForeign(numbers, entry));
  }
  const provenance = { weights: at, layout: recognised.layout, network: wordOf(choice) };
  const asModel = (classes: readonly string[], weights: ReadonlyMap<string, Float32Array>) => {
    const architecture = { ...given, classes: classes.length };
    return counted({ architecture, classes, preprocessing, tensors: weights, history: {} });
  };
  if (options.replaceClassifier !== undefined) {
    const classes = classNames(options.replaceClassifier);
    const fresh = newClassifier({ ...given, classes: classes.length }, options.seed);
    return withProvenance(asModel(classes, new Map([...tensors, ...fresh])), { ...provenance, classifier: "new" });
  }
  const drops = dropsBackground(config, options);
  if (drops) for (const name of ["weight", "bias"]) dropFirst(tensors, `classifier.${name}`, outputs);
  const classes = labelsFor(drops ? outputs - 1 : outputs, config, source);
  return withProvenance(asModel(classes, tensors), { ...provenance, classifier: "the source's" });
}

function preprocessingOf(
  choice: NetworkChoice,
  architecture: Architecture,
  layout: LayoutName,
  config: TimmConfig | null,
): Preprocessing {
  const byLibrary = {
    timm: () => timmPreprocessing(wordOf(choice)),
    torchvision: () => torchvisionPreprocessing(wordOf(choice)),
    keras: () => kerasPreprocessing(architecture),
  };
  const preprocessing = config?.preprocessing ?? byLibrary[layout]();
  return { ...preprocessing, size: choice.resolution ?? preprocessing.size };
}

function counted(model: Omit<Model, "costs">): Model {
  const { graph } = buildNetwork(model.architecture, { batch: 1, mode: "inference" });
  return { ...model, costs: costsOfProfile(profileGraph(graph)) };
}
