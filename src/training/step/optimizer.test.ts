/** Each optimizer against the same update in plain JavaScript, and against numbers worked by hand. */
import { describe, expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { plain } from "../../ir/index.js";
import { createBuilder } from "../../ops/index.js";
import "../../ops/testing/close.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import type { Optimizer } from "../recipe/recipe.js";
import golden from "../testing/pytorch-optimizers.json" with { type: "json" };
import type { FlatLayout } from "./flat.js";
import { biasCorrections, clipped, initialMoments, update } from "./optimizer.js";

type Setting = { readonly weightDecay?: number; readonly clipNorm?: number | null; readonly layout?: FlatLayout };

/** One update as a graph: weights and moments go in and come out. */
function stepOf(optimizer: Optimizer, size: number, { weightDecay = 0, clipNorm = null, layout }: Setting = {}) {
  const g = createBuilder();
  const weights = g.input("weights", plain(size));
  const gradient = clipped(g, g.input("gradient", plain(size)), clipNorm);
  const learningRate = g.input("learningRate", plain());
  const moments = initialMoments(optimizer).map((_, i) => g.input(`moments.${i}`, plain(size)));
  const corrections = biasCorrections(optimizer, 1).map((_, i) => g.input(`correction.${i}`, plain()));
  const tensors = { weights, moments, gradient, learningRate, corrections };
  const next = update(g, optimizer, layout ?? layoutOf([size], 1), weightDecay, tensors);
  g.output(next.weights, "weights");
  next.moments.forEach((moment, i) => {
    g.output(moment, `moments.${i}`);
  });
  return g.build();
}

/** Tensors of these sizes one after the other, the first few of them under weight decay. */
function layoutOf(sizes: readonly number[], decayed: number): FlatLayout {
  const sum = (count: number) => sizes.slice(0, count).reduce((a, b) => a + b, 0);
  const slices = sizes.map((size, i) => ({ name: `t${i}`, shape: [size], offset: sum(i), size }));
  return { slices, size: sum(sizes.length), decayed: sum(decayed) };
}

/** Weights after each of some updates. */
function run(
  optimizer: Optimizer,
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  rate: number,
  setting: Setting = {},
) {
  const graph = stepOf(optimizer, start.length, setting);
  let state = new Map<string, Float64Array>([
    ["weights", Float64Array.from(start)],
    ...initialMoments(optimizer).map(
      (first, i) => [`moments.${i}`, new Float64Array(start.length).fill(first)] as const,
    ),
  ]);
  return gradients.map((gradient, i) => {
    const scalars = [rate, ...biasCorrections(optimizer, i + 1)].map((value) => Float64Array.of(value));
    const names = ["learningRate", ...scalars.slice(1).map((_, k) => `correction.${k}`)];
    const given = names.map((name, k) => [name, scalars[k]!] as const);
    state = evaluate(graph, new Map([...state, ["gradient", Float64Array.from(gradient)], ...given]));
    return [...state.get("weights")!];
  });
}

describe("beside PyTorch, twenty updates with a tensor under weight decay and one without", () => {
  const adaptive = { beta1: 0.9, beta2: 0.999 };
  const optimizers: readonly [name: keyof typeof golden.optimizers, Optimizer][] = [
    ["sgd", { kind: "sgd", momentum: 0.9, nesterov: false }],
    ["nesterov", { kind: "sgd", momentum: 0.9, nesterov: true }],
    ["adamw", { kind: "adamw", ...adaptive, epsilon: 1e-8 }],
    ["lamb", { kind: "lamb", ...adaptive, epsilon: 1e-6 }],
  ];
  const setting = { weightDecay: 0.02, layout: layoutOf([6, 3], 1) };
  const close = { absolute: 1e-9, relative: 1e-9 };

  test.each(optimizers)("%s", (name, optimizer) => {
    const rows = run(optimizer, golden.start, golden.gradients, 0.1, setting);
    rows.forEach((row, i) => {
      expect(row).toBeAllClose(golden.optimizers[name][i]!, close);
    });
  });

  test("gradients clipped to a length", () => {
    const [, sgd] = optimizers[0]!;
    const rows = run(sgd, golden.start, golden.gradients, 0.1, { ...setting, clipNorm: 1.5 });
    rows.forEach((row, i) => {
      expect(row).toBeAllClose(golden.clipped[i]!, close);
    });
    expect(golden.clipped).not.toEqual(golden.optimizers.sgd);
  });
});

test("LAMB leaves the length of a step that has none to be compared with", () => {
  const lamb = { kind: "lamb", beta1: 0.9, beta2: 0.999, epsilon: 0 } as const;
  // From zero weights: the ratio of the lengths would be zero, and nothing would ever move.
  const [row] = run(lamb, [0, 0], [[3, -4]], 0.1, { weightDecay: 0.5 });
  expect(row).toBeAllClose([-0.1, 0.1]);
});

type Update = (w: number, g: number, rate: number, memory: { v: number; s: number }) => number;

// The formulas of `Optimizer`, one number at a time; `memory` begins as v = 0, s = 1.
const updates: readonly [name: string, Optimizer, Update][] = [
  [
    "SGD with momentum",
    { kind: "sgd", momentum: 0.9, nesterov: false },
    (w, g, rate, memory) => {
      memory.v = 0.9 * memory.v + g;
      return w - rate * memory.v;
    },
  ],
  [
    "SGD with Nesterov's momentum",
    { kind: "sgd", momentum: 0.9, nesterov: true },
    (w, g, rate, memory) => {
      memory.v = 0.9 * memory.v + g;
      return w - rate * (g + 0.9 * memory.v);
    },
  ],
  [
    "RMSProp",
    { kind: "rmsprop", decay: 0.9, momentum: 0.8, epsilon: 1e-3 },
    (w, g, rate, memory) => {
      memory.s = 0.9 * memory.s + 0.1 * g * g;
      memory.v = 0.8 * memory.v + (rate * g) / Math.sqrt(memory.s + 1e-3);
      return w - memory.v;
    },
  ],
];

test.each(updates)("%s, five steps", (_, optimizer, step) => {
  const rng = createRng(3);
  const start = [0.5, -1, 2];
  const gradients = Array.from({ length: 5 }, () => start.map(() => rng.normal()));
  const expected = start.map((first, k) => {
    const memory = { v: 0, s: 1 };
    let weight = first;
    return gradients.map((gradient) => (weight = step(weight, gradient[k]!, 0.1, memory)));
  });
  const weights = run(optimizer, start, gradients, 0.1);
  weights.forEach((row, i) => {
    expect(row).toBeAllClose(
      expected.map((curve) => curve[i]!),
      { absolute: 1e-12, relative: 1e-12 },
    );
  });
});

describe("by hand, from w = 1 with gradients of 2 and a rate of 0.1", () => {
  const two = [[2], [2]];
  test("momentum 1/2: v = 2, then 3", () => {
    const weights = run({ kind: "sgd", momentum: 0.5, nesterov: false }, [1], two, 0.1).flat();
    expect(weights).toBeAllClose([0.8, 0.5]);
  });

  test("the same with Nesterov's look-ahead: steps of 2 + 1, then 2 + 1.5", () => {
    const weights = run({ kind: "sgd", momentum: 0.5, nesterov: true }, [1], two, 0.1).flat();
    expect(weights).toBeAllClose([0.7, 0.35]);
  });

  // s = ¾ · 1 + ¼ · 4 = 1.75; √(1.75 + 0.5) = 1.5; v = 0.2 / 1.5. With ε outside the root it would be 0.2 / 1.823.
  // Then s = ¾ · 1.75 + 1 = 2.3125; √2.8125 = 1.677051; v = ½ · 0.133333 + 0.2 / 1.677051 = 0.185924.
  test("RMSProp: the mean square begins at one, ε stands in the root", () => {
    const optimizer = { kind: "rmsprop", decay: 0.75, momentum: 0.5, epsilon: 0.5 } as const;
    const weights = run(optimizer, [1], two, 0.1).flat();
    expect(weights).toBeAllClose([1 - 0.133333, 1 - 0.133333 - 0.185924], { absolute: 2e-6 });
  });

  // The rate is inside the momentum: a step already under way is not shortened when the rate falls.
  test("RMSProp goes on by its momentum at a rate of zero", () => {
    const optimizer = { kind: "rmsprop", decay: 0.75, momentum: 0.5, epsilon: 0.5 } as const;
    const graph = stepOf(optimizer, 1);
    const values = { weights: 1, "moments.0": 1, "moments.1": 0.4, gradient: 2, learningRate: 0 };
    const next = evaluate(
      graph,
      new Map(Object.entries(values).map(([name, value]) => [name, Float64Array.of(value)])),
    );
    expect(next.get("weights")![0]).toBeCloseTo(0.8, 12);
  });
});
