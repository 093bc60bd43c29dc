import { expect, test } from "vitest";
import { drawnPictures } from "./goldens.js";

test("ramps run along x, along y and against both, one in each channel", () => {
  const [ramps] = drawnPictures({ size: 2, channels: 3 });
  // 255 · [x, y, 1 − (x + y) / 2] at (0, 0), (0, ½), (½, 0), (½, ½), cut down to integers
  expect([...ramps!]).toEqual([0, 0, 255, 127, 0, 191, 0, 127, 191, 127, 127, 127]);
});

test("the same at each call, of the asked side, and no two alike", () => {
  for (const channels of [1, 3] as const) {
    const pictures = drawnPictures({ size: 24, channels });
    expect(pictures).toEqual(drawnPictures({ size: 24, channels }));
    expect(pictures.map(({ length }) => length)).toEqual([24, 24, 24].map((side) => side * side * channels));
    expect(new Set(pictures.map((pixels) => pixels.join())).size).toBe(3);
  }
});
