/** The last layer of a source: how many classes it has, what they are called, and a new one in its place. */
import { createRng, ModelError } from "../base/index.js";
import { type Architecture, buildNetwork, initializeParameters } from "../networks/index.js";
import { imagenetClasses } from "./imagenet-classes.js";
import type { Entry } from "./layouts/weight-layout.js";
import type { Recognised } from "./match.js";
import type { Source } from "./source.js";
import type { TimmConfig } from "./timm-config.js";

/** As in `LoadOptions`. */
type ClassifierOptions = {
  readonly replaceClassifier?: number | readonly string[] | undefined;
  readonly background?: "drop" | "keep" | undefined;
};

export const dropsBackground = (config: TimmConfig | null, { background }: ClassifierOptions): boolean =>
  background === undefined ? config?.dropsBackground === true : background === "drop";

/**
 * How many outputs the file's classifier has; 1000 where there is none, which is then found to be missing, or is replaced.
 *
 * @throws {ModelError} when it is another number than the source says, or 1001 and nobody says what the first is.
 */
export function outputsOf(
  { tensors, entries }: Recognised,
  config: TimmConfig | null,
  options: ClassifierOptions,
  at: string,
): number {
  const bias = entries.find(({ name }) => name === "classifier.bias")!;
  const outputs = tensors.get(bias.foreign)?.shape[0] ?? 1000;
  if (options.replaceClassifier !== undefined) return Math.max(2, outputs);
  const drops = dropsBackground(config, options);
  const classes = drops ? outputs - 1 : outputs;
  const where = `${at}: ${bias.foreign}`;
  if (config?.classes != null && classes !== config.classes) {
    throw new ModelError({
      at: where,
      expected: `a classifier of ${config.classes} classes, as the source says`,
      received: `one of ${classes}`,
      hint: "with --replace-classifier CLASSES the network gets a new classifier, to be trained",
    });
  }
  if (outputs === 1001 && config?.classes == null && options.background === undefined) {
    throw new ModelError({
      at: where,
      expected: "1000 classes, or a word on the 1001st",
      received: "1001 outputs, of which the first may stand for background",
      hint: "say --background drop to leave the first one out, or --background keep",
    });
  }
  return outputs;
}

/** A classifier that is replaced may have any shape in the file, or be missing. */
export function neededOf(entries: readonly Entry[], replaced: boolean) {
  const isClassifier = ({ name }: Entry) => name.startsWith("classifier.");
  return {
    entries: replaced ? entries.filter((entry) => !isClassifier(entry)) : entries,
    unneeded: new Set(replaced ? entries.filter(isClassifier).map(({ foreign }) => foreign) : []),
  };
}

/** Of `outputs` rows, all but the first. */
export function dropFirst(tensors: Map<string, Float32Array>, name: string, outputs: number): void {
  const numbers = tensors.get(name)!;
  tensors.set(name, numbers.slice(numbers.length / outputs));
}

export function labelsFor(count: number, config: TimmConfig | null, source: Source): readonly string[] {
  const labels = config?.labels ?? (count === imagenetClasses.length ? imagenetClasses : null);
  if (labels === null) return classNames(count);
  if (labels.length === count) return labels;
  throw new ModelError({
    at: `${source.config!.at}: label_names`,
    expected: `${count} names, one for each output of the classifier`,
    received: `${labels.length}`,
  });
}

export const classNames = (classes: number | readonly string[]): readonly string[] =>
  typeof classes === "number" ? Array.from({ length: classes }, (_, i) => `class ${i}`) : classes;

export function newClassifier(architecture: Architecture, seed = 0): ReadonlyMap<string, Float32Array> {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const parameters = graph.parameters.filter(({ value }) => value.name.startsWith("classifier."));
  return initializeParameters({ ...graph, parameters }, createRng(seed));
}
