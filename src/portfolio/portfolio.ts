/** Candidates for any budget, the first of them the default. */
import type { Recipe } from "../training/index.js";
import type { ShapeRule } from "./shape-rule.js";

export type Candidate = {
  readonly shape: ShapeRule;
  /** What differs from the recipe for the images at hand. */
  readonly recipe: Partial<Recipe>;
};

/** Separable blocks with a residual, squeezed and excited, as MobileNetV1's with what came after it. */
const flat: ShapeRule = {
  name: "flat",
  expansion: 1,
  kernel: 3,
  squeezeExcite: { ratio: 0.125, of: "expanded", divisor: 8, activation: "relu", gate: "hardSigmoid" },
  activations: { ends: "hardSwish", blocks: "relu" },
  usual: { side: 28, stem: 24, growth: 2, depth: 2, lastDepth: 4 },
};

export const portfolio: readonly Candidate[] = [{ shape: flat, recipe: {} }];
