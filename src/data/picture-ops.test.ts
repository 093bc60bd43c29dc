/** A run that goes on from a checkpoint of an earlier version must see the same pictures: results are held to the byte. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { drawCrop } from "./augmentation.js";
import { cropped } from "./picture-moves.js";
import { type PictureOp, pictureOps } from "./picture-ops.js";

const SIDES = [1, 2, 3, 8, 20, 33];
const MAGNITUDES = [-135, -32, -3.7, -0.9, -0.27, 0, 0.27, 0.5, 0.9, 1, 3, 7.5, 45, 128, 255];

function pictureOf(side: number, channels: number) {
  const rng = createRng(`${side} ${channels}`);
  return { pixels: Uint8Array.from({ length: side * side * channels }, () => rng.integer(256)), side, channels };
}

/** Of all sides, channels and magnitudes. */
function digestOf(change: (picture: ReturnType<typeof pictureOf>, magnitude: number) => Uint8Array): string {
  const hash = createHash("sha256");
  for (const side of SIDES) {
    for (const channels of [1, 3]) {
      for (const magnitude of MAGNITUDES) hash.update(change(pictureOf(side, channels), magnitude));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** By the first implementation, which went pixel by pixel. */
const digests: Readonly<Record<PictureOp, string>> = {
  Identity: "2b8d85937970cb57",
  ShearX: "44c7bbe0ae538d57",
  ShearY: "6cb50ddc2abc7fe6",
  TranslateX: "65b7275a22c0aad0",
  TranslateY: "e0f78c6fb708ac8d",
  Rotate: "6dca5f82838725e4",
  Brightness: "cf7bbf86bec30e5f",
  Color: "ab5b856c201a80cb",
  Contrast: "417b86f3440617a7",
  Sharpness: "0390c090e8046cd8",
  Posterize: "b56fbf5dbbcdad53",
  Solarize: "3287ffd08531c297",
  AutoContrast: "d02892fe28e0aee4",
  Equalize: "c1698b2966bb3c26",
  Invert: "e0190784a51c82ed",
};

test.each(Object.entries(digests))("%s", (op, digest) => {
  expect(digestOf(pictureOps[op as PictureOp])).toBe(digest);
});

test("a crop", () => {
  const crop = (picture: ReturnType<typeof pictureOf>, magnitude: number) =>
    cropped(picture, drawCrop(0.08, picture.side, createRng(magnitude)));
  expect(digestOf(crop)).toBe("ebd3f8087eda4d3f");
});
