/** A trained network becomes files, and the shipped file is measured on the test images: the one time they are looked at. */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files.js";
import { lastly } from "../../base/index.js";
import { type Costs, costsOfProfile } from "../../cost/index.js";
import {
  type Dataset,
  encodePng,
  type ImageSet,
  joinSeen,
  type Normalization,
  type SeenPictures,
} from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import type { Mistake } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import {
  type EvaluationReport,
  evaluateClassifier,
  exportOnnx,
  type Model,
  openClassifier,
  saveModel,
} from "../../shipping/index.js";
import type { Recipe } from "../../training/index.js";
import type { ImagePool } from "./image-pool.js";
import { VERSION } from "./version.js";

export type Shipment = {
  readonly dataset: Dataset;
  readonly pool: ImagePool;
  readonly engine: Engine;
  readonly out: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly normalization: Normalization;
  readonly architecture: Architecture;
  readonly costs: Costs;
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly epochs: number;
  /** What the models that it set out from have seen. */
  readonly seen?: SeenPictures | undefined;
  /** Pictures of the data as golden pictures, in place of drawn ones. */
  readonly goldenPhotos?: boolean | undefined;
  /** More of how it came about. */
  readonly history?: Readonly<Record<string, unknown>> | undefined;
};

export type Shipped = {
  readonly model: string;
  readonly onnx: string;
  readonly scores: EvaluationReport;
  readonly test: ImageSet;
};

const GOLDENS = 3;

/** Writes `model.safetensors` and `model.onnx`, then runs the latter over the test images. */
export async function ship(shipment: Shipment): Promise<Shipped> {
  const { dataset, pool, engine, out, architecture, costs, tensors, normalization } = shipment;
  const { resolution } = architecture;
  const model: Model = {
    architecture,
    tensors,
    classes: dataset.classes,
    preprocessing: { ...pool.geometry(resolution), mean: normalization.mean, std: normalization.std },
    costs: costsOfProfile(costs),
    seen: joinSeen([shipment.seen, seenIn(dataset)]),
    history: {
      bantam: VERSION,
      data: { name: dataset.name, fingerprint: dataset.fingerprint, seenBefore: dataset.seenBefore.count },
      seed: shipment.seed,
      recipe: shipment.recipe,
      epochs: shipment.epochs,
      ...shipment.history,
    },
  };
  const files = { model: join(out, "model.safetensors"), onnx: join(out, "model.onnx") };
  const goldens = shipment.goldenPhotos ? spread(await pool.get("validation", resolution), GOLDENS) : undefined;
  // Refuses what diverged: then neither file is written.
  const onnx = await exportOnnx(model, engine, goldens);
  await saveModel(files.model, model);
  await writeFileAtomic(files.onnx, onnx);

  const test = await pool.get("test", resolution);
  const classifier = await openClassifier(files.onnx, engine);
  const scores = await lastly(
    () => evaluateClassifier(classifier, test),
    () => classifier.dispose(),
  );
  return { ...files, scores, test };
}

function seenIn({ splits, signatures }: Dataset): SeenPictures {
  const of = (part: keyof SeenPictures) => Buffer.concat(splits[part].map((sample) => signatures.get(sample)!));
  return { train: of("train"), validation: of("validation") };
}

/** The most confident mistakes with the pictures as the network saw them. */
export async function picturesOfMistakes(
  { scores, test }: Shipped,
  classes: readonly string[],
  most: number,
): Promise<Mistake[]> {
  return Promise.all(
    scores.mistakes.slice(0, most).map(async ({ index, truth, predicted, probability }) => {
      const png = await encodePng(pictureAt(test, index), test.size, test.channels);
      return {
        source: test.sources[index]!,
        truth: classes[truth]!,
        predicted: classes[predicted]!,
        probability,
        image: `data:image/png;base64,${png.toString("base64")}`,
      };
    }),
  );
}

/** Evenly spaced pictures of a set. */
function spread(images: ImageSet, wanted: number): Uint8Array[] {
  const count = Math.min(wanted, images.count);
  return Array.from({ length: count }, (_, i) => pictureAt(images, Math.floor((i * images.count) / count)));
}

function pictureAt(images: ImageSet, index: number): Uint8Array {
  const pixels = new Uint8Array(images.size ** 2 * images.channels);
  images.read(index, pixels, 0);
  return pixels;
}
