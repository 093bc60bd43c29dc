/** One way to use either file: `model.onnx` or `model.safetensors`. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { toFileError } from "../base/files.js";
import { ModelError } from "../base/index.js";
import type { Engine } from "../runtime/index.js";
import { exportOnnx, loadOnnx, runPictures } from "./deploy.js";
import { decodeModel, type Model, type ModelCard, type OnNotice } from "./model.js";

export interface Classifier {
  readonly card: ModelCard;
  /** @param pictures `[H, W, C]` each, after the model's geometry. @returns `[K]` probabilities each. */
  classify(pictures: readonly Uint8Array[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Pictures per run: enough to keep the cores busy, little enough to stay in memory. */
const BATCH = 100;

/** @throws {ModelError} when the file is neither kind, or damaged. */
export async function openClassifier(path: string, engine: Engine, onNotice?: OnNotice): Promise<Classifier> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw toFileError(error, path, "read");
  }
  const kind = extname(path).toLowerCase();
  if (kind !== ".onnx" && kind !== ".safetensors") {
    throw new ModelError({
      at: path,
      expected: "a .onnx or .safetensors file",
      received: kind === "" ? "no extension" : kind,
    });
  }
  return kind === ".onnx"
    ? fromOnnx(bytes, path, engine, onNotice)
    : classifierOf(decodeModel(bytes, path, onNotice), engine, path);
}

/** A model that is in memory. It runs as the very graph it would be shipped as, so both files say the same. */
export async function classifierOf(model: Model, engine: Engine, at = model.architecture.name): Promise<Classifier> {
  return fromOnnx(await exportOnnx(model, engine, []), at, engine);
}

async function fromOnnx(bytes: Uint8Array, at: string, engine: Engine, onNotice?: OnNotice): Promise<Classifier> {
  const { session, card } = await loadOnnx(bytes, at, engine, onNotice);
  return {
    card,
    async classify(pictures) {
      const results: Float32Array[] = [];
      for (let start = 0; start < pictures.length; start += BATCH) {
        results.push(...(await runPictures(session, card, pictures.slice(start, start + BATCH))));
        requireNumbers(results, start, at);
      }
      return results;
    },
    dispose: () => session.dispose(),
  };
}

/** Finite weights may still count to infinity, and from there to what is no number. */
function requireNumbers(results: readonly Float32Array[], from: number, at: string): void {
  for (const row of results.slice(from)) {
    const wrong = row.find((probability) => !Number.isFinite(probability));
    if (wrong === undefined) continue;
    const hint =
      "its weights leave the range of float32: the training diverged, or the file is damaged; take another model";
    throw new ModelError({ at, expected: "probabilities between 0 and 1", received: String(wrong), hint });
  }
}
