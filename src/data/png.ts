import sharp from "sharp";

/** @param pixels `[size, size, channels]`. @returns the bytes of a PNG file. */
export async function encodePng(pixels: Uint8Array, size: number, channels: 1 | 3): Promise<Buffer> {
  return sharp(pixels, { raw: { width: size, height: size, channels } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
