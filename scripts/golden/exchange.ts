/**
 * How the golden scripts hand a network to Python: per case a `.json` (the network's name and options, its tensors in graph
 * order, what we compute) and a `.bin` with the numbers of the tensors end to end, float32 little-endian, the image last.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildNetwork } from "../../src/networks/index.js";
import {
  type ReferenceCase,
  referenceArchitecture,
  referenceImage,
  referenceLogits,
  referenceWeights,
} from "../../src/networks/testing/reference.js";

/** What becomes of cases that are `tested` are the golden values of the tests. */
export type LogitsCase = ReferenceCase & { readonly tested: boolean };

export type TensorFact = { readonly name: string; readonly shape: readonly number[] };

/** The folder named on the command line, made if need be. */
export async function outputFolder(): Promise<string> {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error("expected a folder to write to as the only argument");
  await mkdir(folder, { recursive: true });
  return folder;
}

export async function writeCase(path: string, facts: object, numbers: readonly Float32Array[]): Promise<void> {
  const bytes = numbers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  await writeFile(`${path}.json`, JSON.stringify(facts));
  await writeFile(`${path}.bin`, Buffer.concat(bytes));
}

/** Networks with random weights, two images each and our logits. */
export async function writeLogits(folder: string, cases: readonly LogitsCase[]): Promise<void> {
  for (const [i, reference] of cases.entries()) {
    const architecture = referenceArchitecture(reference);
    const weights = await referenceWeights(architecture);
    const image = referenceImage(architecture);
    const logits = Array.from(await referenceLogits(architecture, weights));
    const { parameters } = buildNetwork(architecture, { batch: 2, mode: "inference" }).graph;
    const tensors = parameters.map(({ value: { name, shape } }): TensorFact => ({ name, shape }));
    const { padding, norm } = architecture;
    const facts = { ...reference, padding, epsilon: norm.epsilon, tensors, image: image.dims, logits };
    const { name, width, classes, resolution } = reference;
    const file = `${String(i).padStart(2, "0")} ${name}-${width}@${resolution}, ${classes} classes`;
    await writeCase(join(folder, file), facts, [...tensors.map((tensor) => weights.get(tensor.name)!), image.data]);
  }
}
