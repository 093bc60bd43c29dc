import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { profileArchitecture } from "../networks/index.js";
import { chooseEngine, type Engine } from "../runtime/index.js";
import { logAbsDeterminant } from "./determinant.js";
import golden from "./testing/pytorch.json" with { type: "json" };
import { referenceBatch, references, weightRng } from "./testing/reference.js";
import { zeroCostNames, zeroCostScores } from "./zero-cost.js";

const native = await chooseEngine("cpu", 1).catch((error: Error) => error);
const engineOf = (skip: (reason: string) => never): Engine => (native instanceof Error ? skip(native.message) : native);
const small = references[0]!.architecture;

/**
 * Against PyTorch 1.13 in double precision: the same weights and images, the network put together and scored by
 * `scripts/golden/zero-cost.py`. Our float32 moves a few activations across a kink, which gradients notice.
 */
describe.each(references)("$name", ({ name, architecture }) => {
  test("has PyTorch's scores", async ({ skip }) => {
    const batch = referenceBatch(architecture);
    const scores = await zeroCostScores(architecture, { engine: engineOf(skip), batch, rng: weightRng() });
    const expected = golden.cases.find((each) => each.name === name)!;
    for (const [score, tolerance] of [
      ["synflow", 1e-6],
      ["naswot", 1e-5],
      ["gradientNorm", 1e-3],
    ] as const) {
      expect(Math.abs(scores[score]! / expected[score] - 1), score).toBeLessThan(tolerance);
    }
    const { params, macs } = profileArchitecture(architecture);
    expect(scores).toMatchObject({ params, macs });
  });
});

test("the deep network's synflow is beyond float32", () => {
  const { synflow } = golden.cases.find(({ name }) => name === "mobilenet-v2")!;
  expect(synflow).toBeGreaterThan(Math.log(3.4e38));
});

test("only what is asked for is computed, and is the same alone", async ({ skip }) => {
  const engine = engineOf(skip);
  const options = { engine, batch: referenceBatch(small) };
  const all = await zeroCostScores(small, { ...options, rng: weightRng() });
  for (const name of zeroCostNames) {
    const one = await zeroCostScores(small, { ...options, rng: weightRng(), which: [name] });
    const { params, macs } = all;
    expect(one).toEqual({ synflow: null, naswot: null, gradientNorm: null, params, macs, [name]: all[name] });
  }
});

test("other weights give other scores", async ({ skip }) => {
  const options = { engine: engineOf(skip), batch: referenceBatch(small) };
  const [one, other] = [
    await zeroCostScores(small, { ...options, rng: createRng(1) }),
    await zeroCostScores(small, { ...options, rng: createRng(2) }),
  ];
  for (const name of zeroCostNames) expect(one[name], name).not.toBe(other[name]);
});

test("NASWOT cannot tell two equal images apart", async ({ skip }) => {
  const { images, labels } = referenceBatch(small);
  const place = small.resolution ** 2; // one channel: pictures follow one another
  const twins = images.slice();
  twins.copyWithin(place, 0, place);
  const batch = { images: twins, labels };
  const options = { engine: engineOf(skip), batch, rng: weightRng(), which: ["naswot"] as const };
  expect((await zeroCostScores(small, options)).naswot).toBe(Number.NEGATIVE_INFINITY);
});

test("a batch that does not fit is refused", async ({ skip }) => {
  const engine = engineOf(skip);
  const { images, labels } = referenceBatch(small);
  const score = (batch: { images: Float32Array; labels: number[] }) =>
    zeroCostScores(small, { engine, batch, rng: weightRng(), which: ["naswot"] });
  await expect(score({ images: images.slice(1), labels: [...Array.from(labels)] })).rejects.toThrow(
    "for 16 images of 1 × 20²",
  );
  await expect(score({ images, labels: Array(16).fill(10) })).rejects.toThrow("internal: label 10 of 10 classes");
});

describe("ln |det|", () => {
  test("by hand", () => {
    expect(logAbsDeterminant(Float64Array.of(0, 2, 3, 1), 2)).toBeCloseTo(Math.log(6), 12); // −6, and the first pivot is 0
    // 2·(3·4 − 1·1) − 1·(1·4 − 1·0) + 0 = 22 − 4
    expect(logAbsDeterminant(Float64Array.of(2, 1, 0, 1, 3, 1, 0, 1, 4), 3)).toBeCloseTo(Math.log(18), 12);
    expect(logAbsDeterminant(Float64Array.of(1, 2, 2, 4), 2)).toBe(Number.NEGATIVE_INFINITY);
  });

  test("of a product is the sum", () => {
    const rng = createRng(5);
    const n = 12;
    const [a, b] = [0, 1].map(() => Float64Array.from({ length: n * n }, () => rng.normal())) as [
      Float64Array,
      Float64Array,
    ];
    const product = Float64Array.from({ length: n * n }, (_, place) => {
      const [i, j] = [Math.floor(place / n), place % n];
      return Array.from({ length: n }, (_, k) => a[i * n + k]! * b[k * n + j]!).reduce((sum, x) => sum + x, 0);
    });
    expect(logAbsDeterminant(product, n)).toBeCloseTo(logAbsDeterminant(a, n) + logAbsDeterminant(b, n), 8);
  });
});
