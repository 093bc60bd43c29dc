/** The two sides of the comparison: the same network exported by us and by torchvision. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildDeployment, buildNetwork, foldBatchNorm } from "../../src/networks/index.js";
import { referenceArchitecture, referenceWeights } from "../../src/networks/testing/reference.js";
import { lower } from "../../src/onnx/index.js";

export const networks = ["mobilenet-v2", "mobilenet-v3-large", "efficientnet-b0"] as const;

/** `image`: normalised float32 to logits, as torchvision's files. `pixels`: what Bantam ships, bytes to probabilities. */
export type Input = "image" | "pixels";

export const RESOLUTION = 224;
const CLASSES = 1000;

/** torchvision's own dialect of the network, at its published size; random weights, as theirs. */
export async function ours(network: string, input: Input): Promise<Uint8Array> {
  const name = `torch-${network}`;
  const architecture = referenceArchitecture({ name, width: 1, classes: CLASSES, resolution: RESOLUTION });
  const weights = foldBatchNorm(architecture, await referenceWeights(architecture));
  const graph =
    input === "image"
      ? buildNetwork(architecture, { batch: 1, mode: "folded" }).graph
      : buildDeployment(architecture, { batch: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  return lower(graph, { name, layout: "image-major", weights, freeBatch: true });
}

/** @param folder where `export.py` wrote. */
export const theirs = (folder: string, network: string): Promise<Uint8Array> =>
  readFile(join(folder, `${network}.onnx`));
