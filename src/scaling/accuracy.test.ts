import { expect, test } from "vitest";
import { networkNames } from "../networks/index.js";
import { accuracyModel, accuracyResidual, extrapolatedIn, predictTop1, relativeError } from "./accuracy.js";
import { shapeOf } from "./network-shape.js";
import { ablations } from "./testing/ablations.js";
import { fitAccuracy, heldOutResiduals, residualsUnder, resultsToFit, rootMeanSquare } from "./testing/fit-accuracy.js";

const results = resultsToFit();

test("the model is the one that fits published results best, and misses them by as much as it says", () => {
  const fitted = residualsUnder(accuracyModel, results);
  expect(fitted.length).toBe(114);
  expect(rootMeanSquare(fitted)).toBeCloseTo(accuracyResidual.fitted, 4);
  const again = residualsUnder(fitAccuracy(results), results);
  expect(rootMeanSquare(again)).toBeGreaterThan(rootMeanSquare(fitted) - 1e-6);
  for (const [i, residual] of again.entries()) expect(residual).toBeCloseTo(fitted[i]!, 3);
});

test("the networks of a paper that it has not seen, it misses by as much as it says", () => {
  expect(rootMeanSquare(heldOutResiduals(results))).toBeCloseTo(accuracyResidual.heldOut, 3);
}, 30_000);

test("less depth, width or resolution never helps", () => {
  const sizes = [0.1, 0.3, 0.9, 1, 1.1, 2, 5];
  for (const depth of sizes)
    for (const width of sizes)
      for (const resolution of sizes) {
        const error = relativeError({ depth, width, resolution });
        for (const dimension of ["depth", "width", "resolution"] as const) {
          const smaller = { depth, width, resolution, [dimension]: 0.97 * { depth, width, resolution }[dimension] };
          expect(relativeError(smaller), JSON.stringify(smaller)).toBeGreaterThan(error);
        }
      }
});

test("a baseline predicts itself", () => {
  for (const name of networkNames) {
    const shape = shapeOf(name);
    expect(predictTop1(shape, { shape, top1: 0.7 })).toBe(0.7);
  }
});

// The finding of arXiv:1905.11946, tables 3 and 7, which compound scaling rests on.
test.each(["mobilenet-v1", "mobilenet-v2", "efficientnet-b0"])(
  "%s grows best in all dimensions together",
  (network) => {
    const [baseline, ...grown] = ablations.filter((row) => row.network === network && row.source.includes("11946"));
    const predicted = grown.map(({ shape }) => predictTop1(shape, baseline!));
    expect(predicted.indexOf(Math.max(...predicted))).toBe(grown.length - 1);
  },
);

test("says where no result is known", () => {
  expect(extrapolatedIn({ depth: 1, width: 1, resolution: 1 })).toEqual([]);
  expect(extrapolatedIn({ depth: 5, width: 0.2, resolution: 2 })).toEqual(["depth", "width"]);
  expect(extrapolatedIn({ depth: 0.7, width: 1, resolution: 0.25 })).toEqual(["resolution"]);
});
