import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { type AugmentationPolicy, applyPolicy, drawPolicy } from "./augmentation-policy.js";
import autoAugment from "./autoaugment-policies.json" with { type: "json" };
import { type PictureOp, pictureOps } from "./picture-ops.js";
import golden from "./testing/torchvision-augmentation.json" with { type: "json" };

const SIDE = 20;

/** As `scripts/golden/augmentation.py` makes them. */
function pictureOf(channels: number, kind: string): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % SIDE, Math.floor(i / channels / SIDE)];
    const value = (37 * x + 11 * y * y + 59 * c + 3 * x * y) % 256;
    return kind === "full" ? value : Math.floor(value / 32) * 16 + 40;
  });
}

/** torchvision 0.14.1 on torch 1.13.1, by `scripts/golden/augmentation.py`. */
describe("picture ops are torchvision's", () => {
  test.each(golden.map((row) => [`${row.op} ${row.magnitude}, ${row.channels} channels, ${row.kind}`, row] as const))(
    "%s",
    (_, { op, magnitude, channels, kind, pixels }) => {
      const picture = { pixels: pictureOf(channels, kind), side: SIDE, channels };
      const before = picture.pixels.slice();
      const result = pictureOps[op as PictureOp](picture, magnitude);
      expect(picture.pixels).toEqual(before);
      const wrong = pixels.filter((value, i) => value !== result[i]).length;
      // Where a pixel is taken from may be halfway between two, and float32 decides.
      const geometric = ["ShearX", "ShearY", "Rotate"].includes(op);
      expect(wrong).toBeLessThanOrEqual(geometric ? 0.05 * pixels.length : 0);
    },
  );
});

const policies: readonly AugmentationPolicy[] = [
  { kind: "trivial" },
  { kind: "randaugment", ops: 2, magnitude: 9 },
  { kind: "autoaugment", of: "imagenet" },
  { kind: "autoaugment", of: "cifar10" },
  { kind: "autoaugment", of: "svhn" },
];

test.each(policies)("$kind $of draws all that it may, and repeats from its seed", (policy) => {
  const rng = createRng(1);
  const drawn = Array.from({ length: 3000 }, () => drawPolicy(policy, 32, rng));
  const again = createRng(1);
  expect(Array.from({ length: 3000 }, () => drawPolicy(policy, 32, again))).toEqual(drawn);
  const ops = new Set(drawn.flat().map(({ op }) => op));
  if (policy.kind === "autoaugment") {
    expect(autoAugment[policy.of]).toHaveLength(25);
    expect(ops).toEqual(new Set(autoAugment[policy.of].flat().map(([op]) => op)));
    expect(Math.max(...drawn.map(({ length }) => length))).toBe(2);
  } else {
    expect(ops.size).toBe(14);
    expect(ops.has("Invert")).toBe(false);
    expect(drawn.every(({ length }) => length === (policy.kind === "trivial" ? 1 : policy.ops))).toBe(true);
  }
  const shifts = drawn.flat().filter(({ op }) => op === "TranslateX" || op === "Rotate");
  expect(shifts.some(({ magnitude }) => magnitude > 0) && shifts.some(({ magnitude }) => magnitude < 0)).toBe(true);
});

test("magnitudes at their ends", () => {
  const magnitudes = (policy: AugmentationPolicy, wanted: PictureOp) => {
    const rng = createRng(2);
    const all = Array.from({ length: 20_000 }, () => drawPolicy(policy, 224, rng)).flat();
    const own = all.filter(({ op }) => op === wanted).map(({ magnitude }) => magnitude);
    return [Math.min(...own), Math.max(...own)];
  };
  expect(magnitudes({ kind: "trivial" }, "Rotate")).toEqual([-135, 135]);
  expect(magnitudes({ kind: "trivial" }, "Posterize")).toEqual([2, 8]);
  expect(magnitudes({ kind: "trivial" }, "Solarize")).toEqual([0, 255]);
  expect(magnitudes({ kind: "randaugment", ops: 1, magnitude: 30 }, "Posterize")).toEqual([4, 4]);
  const [, shift] = magnitudes({ kind: "randaugment", ops: 1, magnitude: 30 }, "TranslateX");
  expect(shift).toBeCloseTo((150 / 331) * 224, 9);
});

test("steps follow one another", () => {
  const picture = { pixels: Uint8Array.of(10, 20, 30, 40), side: 2, channels: 1 };
  const steps = [
    { op: "Invert", magnitude: 0 },
    { op: "TranslateX", magnitude: 1 },
  ] as const;
  expect([...applyPolicy(picture, steps)]).toEqual([0, 245, 0, 225]);
  expect([...picture.pixels]).toEqual([10, 20, 30, 40]);
});
