/** What is asked of a network before a graph is made of it, or memory taken: a small file can describe more than any machine holds. */
import { ModelError } from "../base/index.js";
import { type Graph, sizeOf } from "../ir/index.js";
import type { Architecture } from "./architecture.js";

/** EfficientNet-B7 has 55; a graph's passes take seconds at ten times that. */
export const MOST_BLOCKS = 512;
/** 2 GB in fp32, as much as an ONNX file may hold. @source protobuf.dev, "Total size of the message" */
const MOST_WEIGHTS = 500_000_000;

/** @throws {ModelError} when the stages have too many blocks in all. */
export function requireFewBlocks({ name, stages }: Pick<Architecture, "name" | "stages">): void {
  const count = stages.reduce((total, { repeats }) => total + repeats, 0);
  if (count <= MOST_BLOCKS) return;
  throw new ModelError({
    at: `network ${name}, stages`,
    expected: `at most ${MOST_BLOCKS} blocks in all`,
    received: `${count}`,
    hint: "lower the repeats, the depth or the number of stages",
  });
}

/** To be called before weights are allocated. @throws {ModelError} naming the largest tensor. */
export function requireFewWeights(graph: Graph): void {
  const sizes = graph.parameters.map(({ value }) => sizeOf(value.shape));
  const count = sizes.reduce((total, size) => total + size, 0);
  if (count <= MOST_WEIGHTS) return;
  const largest = graph.parameters[sizes.indexOf(sizes.reduce((most, size) => Math.max(most, size), 0))]!.value;
  throw new ModelError({
    at: "network",
    expected: `at most ${MOST_WEIGHTS} weights, 2 GB`,
    received: `${count}; the largest tensor is ${largest.name}, [${largest.shape.join(", ")}]`,
    hint: "lower its channels, its expansion or the number of classes",
  });
}
