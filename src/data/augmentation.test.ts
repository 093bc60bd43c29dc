import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../base/index.js";
import { drawChange, drawCrop, reflect } from "./augmentation.js";

const all = { shift: 0.1, flip: true, erase: 1 };

test("reflect mirrors at the border pixel, as often as needed", () => {
  expect([-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7].map((place) => reflect(place, 4))).toEqual([
    1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1,
  ]);
  expect(reflect(-3, 1)).toBe(0);
});

describe("drawChange", () => {
  test("stays within its limits and uses them fully", () => {
    const rng = createRng(3);
    const changes = Array.from({ length: 2_000 }, () => drawChange(all, 28, rng));
    const shifts = changes.flatMap(({ dx, dy }) => [dx, dy]);
    expect(Math.min(...shifts)).toBe(-3);
    expect(Math.max(...shifts)).toBe(3);
    for (const { erase } of changes) {
      expect(erase).not.toBeNull();
      const { x, y, width, height } = erase!;
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(28);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
      expect(width * height).toBeLessThanOrEqual((28 * 28) / 3 + 28);
    }
    const flipped = changes.filter(({ flip }) => flip).length / changes.length;
    expect(flipped).toBeGreaterThan(0.45);
    expect(flipped).toBeLessThan(0.55);
  });

  test("erases with the given probability", () => {
    const rng = createRng(4);
    const erased = Array.from({ length: 2_000 }, () => drawChange({ ...all, erase: 0.25 }, 28, rng)).filter(
      ({ erase }) => erase !== null,
    );
    expect(erased.length / 2_000).toBeGreaterThan(0.22);
    expect(erased.length / 2_000).toBeLessThan(0.28);
  });

  test("does nothing when everything is off", () => {
    const change = drawChange({ shift: 0, flip: false, erase: 0 }, 28, createRng(1));
    expect(change).toEqual({ dx: 0, dy: 0, flip: false, erase: null });
  });

  test("draws as many numbers whatever is on", () => {
    const drawsOf = (augmentation: typeof all) => {
      const rng = createRng(1);
      let draws = 0;
      const counting: Rng = {
        ...rng,
        uniform: () => {
          draws++;
          return rng.uniform();
        },
        integer: (n) => {
          draws++;
          return rng.integer(n);
        },
      };
      drawChange(augmentation, 28, counting);
      return draws;
    };
    expect(drawsOf({ shift: 0, flip: false, erase: 0 })).toBe(drawsOf(all));
  });
});

test("a crop lies within the picture, and covers the share that it must", () => {
  const rng = createRng(5);
  const crops = Array.from({ length: 2_000 }, () => drawCrop(0.25, 40, rng));
  const shares = crops.map(({ width, height }) => (width * height) / 1600);
  for (const { x, y, width, height } of crops) {
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(40);
    expect(Math.max(width / height, height / width)).toBeLessThan(1.45);
  }
  expect(Math.min(...shares)).toBeGreaterThan(0.22);
  expect(Math.min(...shares)).toBeLessThan(0.3);
  expect(Math.max(...shares)).toBeGreaterThan(0.9);
});
