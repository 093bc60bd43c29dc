import { resizes, type Shape } from "./picture-shape.js";

/** Sensible sides of a square input, px: multiples of 4, in steps of about a sixth, through the published 224. */
export const SIZES: readonly number[] = [
  16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 640,
];

/** The largest of `SIZES` that does not exceed `side`; the smallest where all do. */
export function ladderSize(side: number): number {
  return SIZES.findLast((size) => size <= side) ?? SIZES[0]!;
}

/** How a photo becomes a square of pixels. */
export type Geometry = {
  /** Side of the square, px. */
  readonly size: number;
  readonly channels: 1 | 3;
  /**
   * `cover`: the shorter side becomes `resizedSide`, then the centre is cut out. `stretch`: both sides become
   * `resizedSide`, and the centre is cut out. `pad`: the longer side becomes `resizedSide`, the rest is `PADDING`, and
   * the centre is cut out.
   */
  readonly resize: "cover" | "stretch" | "pad";
  /** Share of the resized side that is kept, in (0, 1]; 1, all of it, where left out. timm calls it `crop_pct`. */
  readonly crop?: number | undefined;
  /** Reducing is antialiased with the same kernel; `nearest` is not. */
  readonly interpolation: "nearest" | "bilinear" | "bicubic" | "lanczos3";
};

/** What a padded picture is continued with, in every channel. The same for all, so that no mean of some set is needed to decode one. */
export const PADDING = 128;

/** One number per channel, of pixels ÷ 255. */
export type Normalization = { readonly mean: readonly number[]; readonly std: readonly number[] };

/** What happens to a photo before the network sees it; belongs to the model. */
export type Preprocessing = Geometry & Normalization;

/**
 * Side that a picture is resized to before `size` is cut out of its centre, px.
 *
 * ⌊size / crop⌋, as in timm. The small allowance gives torchvision's pairs of whole numbers back whatever their quotient
 * rounds to.
 * @example resizedSide({ size: 224, crop: 0.875 }); // 256
 */
export function resizedSide({ size, crop = 1 }: Pick<Geometry, "size" | "crop">): number {
  return Math.floor(size / crop + 1e-6);
}

/** The geometry a dataset was first decoded with: whoever asks for it again finds the pictures in the cache. */
export function firstGeometry({ size, channels, shape }: Pick<Geometry, "size" | "channels"> & Shaped): Geometry {
  return { size, channels, resize: resizes[shape], interpolation: "bilinear" };
}
type Shaped = { readonly shape: Shape };

/** Bytes of one picture, height × width × channels of `uint8`. */
export function imageBytes({ size, channels }: Pick<Geometry, "size" | "channels">): number {
  return size * size * channels;
}
