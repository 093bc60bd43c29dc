import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { drawByClass } from "./short-training.js";

test("any number of images holds each class by its share, to within one", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (classes, share, seed) => {
      const samples = classes.flatMap((size, label) => Array.from({ length: size }, () => ({ label })));
      const count = Math.round(share * samples.length);
      const drawn = drawByClass(samples, count, createRng(seed));
      expect(new Set(drawn).size).toBe(count);
      for (const [label, size] of classes.entries()) {
        const own = drawn.filter((i) => samples[i]!.label === label).length;
        expect(Math.abs(own - (size * count) / samples.length)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("which of a class they are is chance, and the same for the same seed", () => {
  const samples = Array.from({ length: 100 }, (_, i) => ({ label: i % 2 }));
  const draw = (seed: number) => drawByClass(samples, 10, createRng(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});
