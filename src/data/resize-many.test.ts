import { expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { decodeImage, resizeGrey } from "./decode.js";
import { encodePng } from "./png.js";
import type { Geometry } from "./preprocessing.js";
import { resizeMany } from "./resize-many.js";

const noise = (count: number, seed: number) => {
  const rng = createRng(seed);
  return Uint8Array.from({ length: count }, () => rng.integer(256));
};
const different = (a: Uint8Array, b: Uint8Array) => a.filter((value, i) => value !== b[i]).length;

// Down and up, in steps with and without a common divisor, at every place of a sheet and on the second one.
test.each([
  [28, 20, 1, "bilinear", 2700],
  [28, 16, 1, "bilinear", 300],
  [28, 14, 1, "bicubic", 300],
  [28, 32, 1, "lanczos3", 300],
  [28, 20, 3, "bilinear", 60],
  [8, 4, 1, "bilinear", 500],
  [29, 20, 1, "bilinear", 300],
  [100, 17, 1, "lanczos3", 20],
  [64, 44, 3, "bilinear", 120],
  [96, 64, 3, "bicubic", 100],
  [224, 160, 3, "bilinear", 70],
  [224, 112, 3, "bilinear", 20],
  [20, 224, 3, "bilinear", 9],
] as const)(
  "%i px to %i px, %i channels, %s: the bits of one by one",
  async (side, size, channels, interpolation, count) => {
    const geometry: Geometry = { size, channels, resize: "cover", interpolation };
    const bytes = side * side * channels;
    const pixels = noise(count * bytes, side * size);
    const resized = await resizeMany(pixels, side, channels, geometry);
    const length = size * size * channels;
    expect(resized.length).toBe(count * length);
    for (let i = 0; i < count; i += count > 500 ? 7 : 1) {
      const picture = pixels.subarray(i * bytes, (i + 1) * bytes);
      const alone =
        channels === 1
          ? await resizeGrey(picture, { width: side, height: side }, geometry)
          : await decodeImage(await encodePng(picture, side, 3), geometry);
      expect(different(resized.subarray(i * length, (i + 1) * length), alone), `picture ${i}`).toBe(0);
    }
  },
);

test("grey becomes three equal channels, and the same side stays as it is", async () => {
  const grey = noise(5 * 16, 1);
  const geometry: Geometry = { size: 4, channels: 3, resize: "stretch", interpolation: "bilinear" };
  const resized = await resizeMany(grey, 4, 1, geometry);
  expect([...resized]).toEqual([...grey].flatMap((value) => [value, value, value]));
  const smaller = await resizeMany(grey, 4, 1, { ...geometry, size: 2 });
  const alone = await resizeGrey(grey.subarray(16, 32), { width: 4, height: 4 }, { ...geometry, size: 2 });
  expect([...smaller.subarray(12, 24)]).toEqual([...alone]);
});

test.each([{ crop: 0.875 }, { interpolation: "nearest" }] as const)(
  "with %o, too, pictures are as they are alone",
  async (rest) => {
    const geometry: Geometry = { size: 20, channels: 1, resize: "cover", interpolation: "bilinear", ...rest };
    const pixels = noise(30 * 784, 3);
    const resized = await resizeMany(pixels, 28, 1, geometry);
    for (let i = 0; i < 30; i++) {
      const alone = await resizeGrey(pixels.subarray(i * 784, (i + 1) * 784), { width: 28, height: 28 }, geometry);
      expect(different(resized.subarray(i * 400, (i + 1) * 400), alone)).toBe(0);
    }
  },
);
