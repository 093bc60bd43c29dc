import { expect, test } from "vitest";
import type { ImageSet } from "./image-set.js";
import { requireVariety } from "./variety.js";

/** Pictures of one pixel in three channels. */
function imagesOf(...pictures: readonly (readonly number[])[]) {
  const asked: number[] = [];
  const read = (index: number, into: Uint8Array, at: number) => {
    asked.push(index);
    into.set(pictures[index]!, at);
  };
  return { asked, images: { count: pictures.length, size: 1, channels: 3, read } as unknown as ImageSet };
}

test("pictures that differ are known by the first that does", () => {
  const { images, asked } = imagesOf([1, 2, 3], [1, 2, 4], [0, 0, 0]);
  requireVariety(images, "photos");
  expect(asked).toEqual([0, 1]);
});

test("the last of them will do", () => {
  expect(() => requireVariety(imagesOf([1, 2, 3], [1, 2, 3], [1, 2, 4]).images, "photos")).not.toThrow();
});

test("pictures that are all the same are refused, with what they are", () => {
  expect(() => requireVariety(imagesOf([7, 8, 9], [7, 8, 9]).images, "photos")).toThrow(
    "photos: expected training pictures that differ, received 2 of which each is the same, all pixels 7 8 9\n  hint: open a few",
  );
});
