import { describe, expect, test, vi } from "vitest";
import { createRng } from "../base/index.js";
import { type Augmentation, type Change, drawChange } from "./augmentation.js";
import { fillBatch } from "./fill-batch.js";
import { imageSetOf } from "./testing/fixtures.js";

vi.mock("./augmentation.js", { spy: true });

const bare = { augmentation: null, rng: null };
/** With these, a pixel comes out as itself. */
const asItIs = { mean: [0], std: [1 / 255] };
const some = { shift: 0.25, flip: true, erase: 0.5 };

/** One grey picture of 3 × 3, 0 … 8, under one change. */
function changed(change: Partial<Change>): number[] {
  vi.mocked(drawChange).mockReturnValueOnce({ dx: 0, dy: 0, flip: false, erase: null, ...change });
  const into = new Float32Array(9);
  const images = imageSetOf([[0, 1, 2, 3, 4, 5, 6, 7, 8]], 3, 1);
  fillBatch(images, [0], { ...asItIs, augmentation: some, rng: createRng(0) }, into);
  return [...into].map(Math.round);
}

describe("fillBatch", () => {
  test("puts channels first, then pictures, then rows", () => {
    // Two pictures of 2 × 2 with three channels; the tens digit is the pixel, the ones digit the channel.
    const first = [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32];
    const second = first.map((value) => 100 + value);
    const into = new Float32Array(24);
    const unit = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };
    fillBatch(imageSetOf([first, second], 2, 3), [1, 0], { ...unit, ...bare }, into);
    expect([...into].map(Math.round)).toEqual([
      ...[100, 110, 120, 130, 0, 10, 20, 30],
      ...[101, 111, 121, 131, 1, 11, 21, 31],
      ...[102, 112, 122, 132, 2, 12, 22, 32],
    ]);
  });

  test("normalizes each channel by its own mean and deviation", () => {
    const into = new Float32Array(3);
    fillBatch(imageSetOf([[255, 51, 0]], 1, 3), [0], { mean: [0.5, 0.2, 0.25], std: [0.25, 1, 0.5], ...bare }, into);
    expect([...into]).toEqual([2, 0, -0.5].map((value) => expect.closeTo(value, 6)));
  });

  test("shifts, and mirrors what comes in from outside", () => {
    expect(changed({ dx: 1 })).toEqual([1, 0, 1, 4, 3, 4, 7, 6, 7]);
    expect(changed({ dx: -1 })).toEqual([1, 2, 1, 4, 5, 4, 7, 8, 7]);
    expect(changed({ dy: 1 })).toEqual([3, 4, 5, 0, 1, 2, 3, 4, 5]);
    expect(changed({ dy: -1 })).toEqual([3, 4, 5, 6, 7, 8, 3, 4, 5]);
  });

  test("flips left and right, before the shift", () => {
    expect(changed({ flip: true })).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6]);
    expect(changed({ flip: true, dx: 1 })).toEqual([1, 2, 1, 4, 5, 4, 7, 8, 7]);
  });

  test("erases a rectangle with the mean", () => {
    expect(changed({ erase: { x: 1, y: 0, width: 2, height: 2 } })).toEqual([0, 0, 0, 3, 0, 0, 6, 7, 8]);
    vi.mocked(drawChange).mockReturnValueOnce({
      dx: 0,
      dy: 0,
      flip: false,
      erase: { x: 0, y: 1, width: 1, height: 1 },
    });
    const into = new Float32Array(4);
    const options = { mean: [0.5], std: [0.5], augmentation: some, rng: createRng(0) };
    fillBatch(imageSetOf([[255, 255, 255, 255]], 2, 1), [0], options, into);
    expect([...into]).toEqual([1, 1, 0, 1]);
  });

  test("depends on its rng and on nothing else", () => {
    const images = imageSetOf(
      [Array.from({ length: 64 }, (_, i) => i), Array.from({ length: 64 }, (_, i) => 99 - i)],
      8,
      1,
    );
    const batch = (seed: number) => {
      const into = new Float32Array(8 * 64);
      fillBatch(images, [0, 1, 0, 1, 0, 1, 0, 1], { ...asItIs, augmentation: some, rng: createRng(seed) }, into);
      return [...into];
    };
    expect(batch(1)).toEqual(batch(1));
    expect(batch(1)).not.toEqual(batch(2));
    expect(batch(1).slice(0, 64)).not.toEqual(batch(1).slice(128, 192));
  });

  test("a policy changes the stored bytes, a crop enlarges a part, and neither moves the other draws", () => {
    const pixels = Array.from({ length: 64 }, (_, i) => 3 * i);
    const images = imageSetOf([pixels], 8, 1);
    const batch = (augmentation: Augmentation) => {
      const into = new Float32Array(64);
      fillBatch(images, [0], { ...asItIs, augmentation, rng: createRng(4) }, into);
      return [...into].map(Math.round);
    };
    const nothing = { shift: 0, flip: false, erase: 0 };
    expect(batch({ ...nothing, crop: 1 })).toEqual(pixels);
    const part = batch({ ...nothing, crop: 0.1 });
    expect(Math.max(...part) - Math.min(...part)).toBeLessThan(189);
    expect(Math.min(...part)).toBeGreaterThanOrEqual(0);
    const severe = { kind: "randaugment", ops: 8, magnitude: 30 } as const;
    expect(batch({ ...nothing, policy: severe })).not.toEqual(pixels);
    const flipped = batch({ ...nothing, flip: true });
    expect([pixels, batch({ ...nothing, flip: true, crop: 1 })]).toContainEqual(flipped);
    expect(batch({ ...nothing, flip: true, crop: 1 })).toEqual(flipped);
  });

  test("fills the front of a longer array, and refuses a shorter", () => {
    const images = imageSetOf([[9]], 1, 1);
    const into = new Float32Array(2).fill(-1);
    fillBatch(images, [0], { ...asItIs, ...bare }, into);
    expect([...into]).toEqual([expect.closeTo(9, 4), -1]);
    expect(() => fillBatch(images, [0, 0, 0], { ...asItIs, ...bare }, into)).toThrow(/^internal: 2 floats/);
    expect(() => fillBatch(images, [0], { ...asItIs, augmentation: some, rng: null }, into)).toThrow("without an rng");
  });
});
