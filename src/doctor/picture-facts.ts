/** What can be told of one picture by its pixels alone. */

export type PictureFacts = {
  /** Of the luma, in levels of 0 to 255: hundredths from the darkest and from the brightest, and the standard deviation. */
  readonly dark: number;
  readonly bright: number;
  readonly contrast: number;
  /** Root mean square of the Laplacian ÷ contrast: small where every edge is soft. 0 where there is no contrast. */
  readonly sharpness: number;
  /** Largest difference between the channels of a pixel, of the hundredth of pixels with most colour. */
  readonly colour: number;
};

/** @param pixels `[size, size, channels]`, `uint8`. */
export function factsOf(pixels: Uint8Array, size: number, channels: 1 | 3): PictureFacts {
  const places = size * size;
  const luma = new Float32Array(places);
  const [levels, colours] = [new Uint32Array(256), new Uint32Array(256)];
  for (let i = 0; i < places; i++) {
    const [r, g, b] = channels === 1 ? [pixels[i]!, pixels[i]!, pixels[i]!] : pixels.subarray(3 * i, 3 * i + 3);
    // ITU-R BT.601
    luma[i] = 0.299 * r! + 0.587 * g! + 0.114 * b!;
    levels[Math.round(luma[i]!)]!++;
    colours[Math.max(r!, g!, b!) - Math.min(r!, g!, b!)]!++;
  }
  const mean = luma.reduce((sum, x) => sum + x, 0) / places;
  const contrast = Math.sqrt(luma.reduce((sum, x) => sum + (x - mean) ** 2, 0) / places);
  return {
    dark: levelAt(levels, 0.01 * places),
    bright: levelAt(levels, 0.99 * places),
    contrast,
    sharpness: contrast === 0 ? 0 : laplacianOf(luma, size) / contrast,
    colour: levelAt(colours, 0.99 * places),
  };
}

/** The level below which so many places lie. */
function levelAt(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  for (let level = 0; level < histogram.length; level++) {
    seen += histogram[level]!;
    if (seen > rank) return level;
  }
  return histogram.length - 1;
}

function laplacianOf(luma: Float32Array, size: number): number {
  let squares = 0;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const i = y * size + x;
      squares += (4 * luma[i]! - luma[i - 1]! - luma[i + 1]! - luma[i - size]! - luma[i + size]!) ** 2;
    }
  }
  return Math.sqrt(squares / Math.max(1, (size - 2) ** 2));
}
