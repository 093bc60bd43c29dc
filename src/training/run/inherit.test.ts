import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { flatLayout, unpack } from "../step/flat.js";
import type { TrainedNetwork } from "../step/state.js";
import { initialState, namedTensors } from "../step/state.js";
import { stateLayout } from "../step/state-layout.js";
import { halvesRecipe } from "../testing/halves.js";
import { inherit, placesIn } from "./inherit.js";

const layoutOf = (shapes: Readonly<Record<string, readonly number[]>>) =>
  flatLayout(
    Object.entries(shapes).map(([name, shape], id) => ({
      value: { id, name, shape, dtype: "float32", axes: "plain" },
      initializer: { kind: "constant" as const, value: 0 },
      trainable: true,
      decay: true,
    })),
  );

test("leading channels overlap, and what has no counterpart has no place", () => {
  const wide = layoutOf({ other: [2], weight: [3, 2], gone: [1] });
  const narrow = layoutOf({ weight: [2, 3], fresh: [2] });
  // Rows of the wide tensor begin at 2, 4 and 6.
  expect([...placesIn(narrow, wide)]).toEqual([2, 3, -1, 4, 5, -1, -1, -1]);
});

test("the smaller kernel lies in the middle of the larger", () => {
  const [three, five] = [layoutOf({ k: [1, 1, 3, 3] }), layoutOf({ k: [1, 1, 5, 5] })];
  expect([...placesIn(three, five)]).toEqual([6, 7, 8, 11, 12, 13, 16, 17, 18]);
  const back = [...placesIn(five, three)];
  expect([0, 6, 12, 18, 24].map((i) => back[i])).toEqual([-1, 0, 4, 8, -1]);
  expect(back.filter((place) => place >= 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

const stateOf = (architecture: Architecture, seed: number) => {
  const layout = stateLayout(architecture);
  return { layout, state: initialState(architecture, layout, halvesRecipe, createRng(seed)) };
};
const trained = (architecture: Architecture, seed: number): TrainedNetwork => {
  const { layout, state } = stateOf(architecture, seed);
  return { architecture, tensors: namedTensors(layout, state) };
};

test("a network of the same shape is taken over whole", () => {
  const parent = trained(tinyNetwork({}), 1);
  const { layout, state: fresh } = stateOf(tinyNetwork({ name: "child" }), 2);
  const { state, share } = inherit(layout, fresh, parent);
  expect(share).toBe(1);
  expect(namedTensors(layout, state)).toEqual(parent.tensors);
  expect(state.moments).toEqual(fresh.moments);
});

test("a wider head begins with the parent's columns and its own beside them", () => {
  const head = (conv: number) => tinyNetwork({ head: { conv, hidden: null, activation: "relu" } });
  const parent = trained(head(8), 1);
  const { layout, state: fresh } = stateOf(head(16), 2);
  const { state, share } = inherit(layout, fresh, parent);
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(1);
  const [now, before] = [unpack(layout.weights, state.weights), unpack(layout.weights, fresh.weights)];
  const weight = "classifier.weight";
  const rows = (tensor: Float32Array, width: number) =>
    Array.from({ length: tensor.length / width }, (_, i) => [...tensor.slice(i * width, (i + 1) * width)]);
  const [child, own, inherited] = [
    rows(now.get(weight)!, 16),
    rows(before.get(weight)!, 16),
    rows(parent.tensors.get(weight)!, 8),
  ];
  expect(child).toEqual(inherited.map((row, i) => [...row, ...own[i]!.slice(8)]));
});
