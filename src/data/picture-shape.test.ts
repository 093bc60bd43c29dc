import { expect, test } from "vitest";
import { isElongated, ownSide, resizes, shapeFor, shapeOf, shapes } from "./picture-shape.js";

test("elongated is more than two to one, in either direction", () => {
  expect([201, 200, 50, 49].map((width) => isElongated({ width, height: 100 }))).toEqual([true, false, false, true]);
});

test("pictures are squeezed where more than a fifth of them are elongated, else cropped", () => {
  const photo = { width: 300, height: 200 };
  const long = [
    { width: 500, height: 200 },
    { width: 90, height: 200 },
  ];
  const set = (elongated: number) => Array.from({ length: 100 }, (_, i) => (i < elongated ? long[i % 2]! : photo));
  expect([0, 20, 21, 100].map((elongated) => shapeFor(set(elongated)))).toEqual(["crop", "crop", "squeeze", "squeeze"]);
  expect(shapeFor([])).toBe("crop");
});

test("a square has the pixels that are shown, or as many", () => {
  expect(shapes.map((shape) => ownSide({ width: 30, height: 120 }, shape))).toEqual([30, 60, 120]);
});

test("cards have other words for the same", () => {
  expect(shapes.map((shape) => resizes[shape])).toEqual(["cover", "stretch", "pad"]);
  expect(shapes.map((shape) => shapeOf(resizes[shape]))).toEqual(shapes);
});
