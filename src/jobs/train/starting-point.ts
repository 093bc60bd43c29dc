/** What a training starts from: a network from the tables with random weights, or a pretrained one for the classes at hand. */
import { UsageError } from "../../base/index.js";
import { type Dataset, type Geometry, type Normalization, resizes, type Shape } from "../../data/index.js";
import { type Architecture, buildArchitecture, scaleArchitecture } from "../../networks/index.js";
import { type LoadContext, loadForTraining, withClasses } from "../../pretrained/index.js";
import type { Model } from "../../shipping/index.js";
import type { TrainOptions } from "./options.js";

export type Start = {
  readonly architecture: Architecture;
  /** Of a pretrained network; null where weights are random. */
  readonly pretrained: {
    readonly tensors: ReadonlyMap<string, Float32Array>;
    readonly geometry: Geometry;
    readonly normalization: Normalization;
    /** For people: what came from where. */
    readonly provenance: Readonly<Record<string, unknown>>;
    readonly line: string;
  } | null;
};

/** @throws {UsageError} when neither a network nor weights are named, or a rate is to be found for weights. */
export async function loadWeights(
  { from, network, learningRate }: TrainOptions,
  context: LoadContext,
): Promise<Model | null> {
  if (from !== undefined && learningRate === "find") {
    throw new UsageError({
      at: "the learning rate",
      expected: "to be found for a training from random weights",
      received: "pretrained ones",
      hint: "give --learning-rate, or the shares of the phases in --unfreeze",
    });
  }
  if (from !== undefined) return loadForTraining({ weights: from.weights, network: from.network }, context);
  if (network?.name !== undefined || network?.table !== undefined) return null;
  throw new UsageError({ at: "network", expected: "a network, or weights to start from", received: "neither" });
}

export function startOf(loaded: Model | null, dataset: Dataset, { network, shape, seed }: TrainOptions): Start {
  const { name = "", table, resolution, ...multipliers } = network ?? {};
  if (loaded === null) {
    const { channels, size } = dataset;
    const options = { ...multipliers, classes: dataset.classes.length, channels };
    const architecture =
      table === undefined
        ? buildArchitecture(name, { ...options, resolution: resolution ?? size })
        : scaleArchitecture(table, { ...options, resolution: resolution ?? table.resolution });
    return { architecture, pretrained: null };
  }
  const { model, taken, fresh } = withClasses(loaded, dataset.classes, { resolution, seed });
  const { architecture, tensors } = model;
  const { mean, std } = model.preprocessing;
  const rest = fresh.length === 0 ? "the classes are the same" : `${fresh.map(shaped(model)).join(" and ")} begin anew`;
  return {
    architecture,
    pretrained: {
      tensors,
      geometry: geometryOf(model, shape),
      normalization: { mean, std },
      provenance: { ...(model.history.pretrained as object), taken: taken.length, fresh },
      line: `${taken.length} tensors taken; ${rest}`,
    },
  };
}

/** How a model's pictures are cut and sized; in another shape where one is asked for, and then nothing is cut off but by a crop. */
export function geometryOf({ preprocessing }: Pick<Model, "preprocessing">, shape?: Shape): Geometry {
  const { mean: _, std: __, ...geometry } = preprocessing;
  if (shape === undefined) return geometry;
  const { crop, ...rest } = { ...geometry, resize: resizes[shape] };
  return shape === "crop" ? { ...rest, crop } : rest;
}

const shaped =
  ({ tensors, classes }: Model) =>
  (name: string) => {
    const rest = tensors.get(name)!.length / classes.length;
    return `${name} [${classes.length}${rest === 1 ? "" : `, ${rest}`}]`;
  };
