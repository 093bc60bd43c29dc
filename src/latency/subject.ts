/** What is measured, from its description to bytes and inputs. */
import { createRng } from "../base/index.js";
import { type Graph, sizeOf } from "../ir/index.js";
import { type Architecture, buildBlock, buildNearlyNothing, buildNetwork } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Tensor } from "../runtime/index.js";

/** Plain data, so that it can be sent to another process. */
export type Subject =
  /** What a run costs before any work is done. */
  | { readonly kind: "nothing" }
  /** Folded, from the image to the logits. */
  | { readonly kind: "network"; readonly architecture: Architecture; readonly batch: number }
  | { readonly kind: "block"; readonly architecture: Architecture; readonly index: number; readonly batch: number };

/** An ONNX model with weights, and an input for it. */
export function prepare(subject: Subject): { model: Uint8Array; feeds: Record<string, Tensor> } {
  const graph = graphOf(subject);
  const numbers = unitNumbers();
  const weights = new Map(graph.parameters.map(({ value }) => [value.name, weightsFor(value, numbers)]));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, { dims: shape, data: repeat(numbers, sizeOf(shape), 1) }]),
  );
  return { model: lower(graph, { name: "bench", layout: "image-major", weights }), feeds };
}

function graphOf(subject: Subject): Graph {
  switch (subject.kind) {
    case "nothing":
      return buildNearlyNothing();
    case "network":
      return buildNetwork(subject.architecture, { batch: subject.batch, mode: "folded" }).graph;
    case "block":
      return buildBlock(subject.architecture, subject.index, { batch: subject.batch });
    default:
      return subject satisfies never;
  }
}

/**
 * A layer's weights keep the size of what passes through it, so that no activation of a deep network becomes infinite or
 * so small that the processor treats it apart (denormal), which would cost it time that trained weights do not.
 */
function weightsFor({ name, shape }: { name: string; shape: readonly number[] }, numbers: Float32Array): Float32Array {
  const fanIn = sizeOf(shape.slice(1));
  return repeat(numbers, sizeOf(shape), name.endsWith("bias") ? 0.1 : Math.sqrt(2 / fanIn));
}

/** Numbers of mean 0 and variance 1. As many as random numbers are worth here: a latency does not depend on them. */
function unitNumbers(): Float32Array {
  const rng = createRng("bench");
  return Float32Array.from({ length: 1 << 14 }, () => Math.sqrt(12) * (rng.uniform() - 0.5));
}

function repeat(numbers: Float32Array, length: number, factor: number): Float32Array {
  const mask = numbers.length - 1;
  return Float32Array.from({ length }, (_, i) => factor * numbers[i & mask]!);
}
