/** Derivatives by central finite differences of the interpreter: knows nothing of gradient rules. */
import type { Graph, Value } from "../../ir/index.js";
import type { GraphBuilder } from "../index.js";
import { evaluate, type Values } from "./interpreter.js";

/** In float64 the error of the formula and that of rounding are then both about 1e-10. */
const STEP = 1e-5;

/**
 * @param output name of a scalar output of `graph`.
 * @param wrt    name of an input or parameter.
 * @returns d output / d wrt, number by number.
 */
export function finiteDifferences(graph: Graph, output: string, values: Values, wrt: string): Float64Array {
  const start = Float64Array.from(values.get(wrt)!);
  return start.map((number, place) => {
    const moved = (to: number) => evaluate(graph, new Map(values).set(wrt, start.with(place, to))).get(output)![0]!;
    return (moved(number + STEP) - moved(number - STEP)) / (2 * STEP);
  });
}

/** `Σ r · y` over all outputs, each `r` a new input named `r0`, `r1`, …: no gradient hides behind another. */
export function weightedSum(g: GraphBuilder, outputs: readonly Value[]): Value {
  return outputs
    .map((output, i) => g.sumTo(g.mul(output, g.input(`r${i}`, output)), []))
    .reduce((total, term) => g.add(total, term));
}
