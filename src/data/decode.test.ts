import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { DataError } from "../base/index.js";
import { decodeImage, readHeader, resizeGrey } from "./decode.js";
import type { Geometry } from "./preprocessing.js";
import { plain, quarters, temporaryFolder } from "./testing/fixtures.js";
import { goldenCrops } from "./testing/golden-crops.js";

const colour: Geometry = { size: 16, channels: 3, resize: "cover", interpolation: "bilinear" };
const grey: Geometry = { ...colour, channels: 1 };

/** The colour at a place of a decoded 16 × 16 picture. */
function at(pixels: Uint8Array, x: number, y: number): number[] {
  return [...pixels.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)];
}

/** Largest difference to the colour asked for, anywhere. */
function worst(pixels: Uint8Array, wanted: readonly number[]): number {
  return Math.max(...pixels.map((value, i) => Math.abs(value - wanted[i % wanted.length]!)));
}

describe("every format", () => {
  test.each([
    ["jpeg", 3],
    ["png", 0],
    ["webp", 4],
    ["gif", 8], // its own palette
    ["avif", 4],
    ["tiff", 3],
  ] as const)("%s gives its colours to within %i", async (format, tolerance) => {
    const file = await plain([200, 100, 30], 50, 40).toFormat(format).toBuffer();
    expect(worst(await decodeImage(file, colour), [200, 100, 30])).toBeLessThanOrEqual(tolerance);
  });

  test("a palette, 16 bits, grey of 8 and 16 bits, a bilevel TIFF, interlacing", async () => {
    const rose = [220, 130, 140];
    const picture = () => plain([220, 130, 140]);
    expect(worst(await decodeImage(await picture().png({ palette: true }).toBuffer(), colour), rose)).toBeLessThan(3);
    expect(worst(await decodeImage(await picture().png({ progressive: true }).toBuffer(), colour), rose)).toBe(0);
    const deep = await picture().toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect(worst(await decodeImage(deep, colour), rose)).toBeLessThanOrEqual(1);

    const gray = () => plain([90, 90, 90]).toColourspace("b-w");
    for (const file of [
      await gray().png().toBuffer(),
      await gray().toColourspace("grey16").png().toBuffer(),
      await gray().jpeg().toBuffer(),
    ]) {
      expect(worst(await decodeImage(file, colour), [90])).toBeLessThanOrEqual(1);
      expect(worst(await decodeImage(file, grey), [90])).toBeLessThanOrEqual(1);
    }
    const bilevel = await plain([255, 255, 255]).toColourspace("b-w").tiff({ bitdepth: 1 }).toBuffer();
    expect(worst(await decodeImage(bilevel, grey), [255])).toBe(0);
  });

  test("CMYK becomes sRGB", async () => {
    const cmyk = await plain([200, 100, 30]).toColourspace("cmyk").jpeg().toBuffer();
    expect((await sharp(cmyk).metadata()).channels).toBe(4);
    // The round trip through ink is not exact.
    expect(worst(await decodeImage(cmyk, colour), [200, 100, 30])).toBeLessThan(30);
  });

  test("transparent parts lie on white", async () => {
    const half = await plain([0, 100, 200]).ensureAlpha(0.5).png().toBuffer();
    expect(worst(await decodeImage(half, colour), [127, 177, 227])).toBeLessThanOrEqual(1);
    const clear = await plain([0, 0, 0]).ensureAlpha(0).webp({ lossless: true }).toBuffer();
    expect(worst(await decodeImage(clear, colour), [255])).toBe(0);
    const grayAlpha = await plain([0, 0, 0]).toColourspace("b-w").ensureAlpha(0.5).png().toBuffer();
    expect(worst(await decodeImage(grayAlpha, grey), [127])).toBeLessThanOrEqual(1);
  });

  test.each(["gif", "webp"] as const)("of an animated %s the first frame counts", async (format) => {
    const frames = await Promise.all([plain([255, 0, 0]).png().toBuffer(), plain([0, 0, 255]).png().toBuffer()]);
    const film = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    expect((await sharp(film).metadata()).pages).toBe(2);
    expect(worst(await decodeImage(film, colour), [255, 0, 0])).toBeLessThan(3);
  });

  test("grey is the luma of the colours", async () => {
    const lumaOf = async (rgb: [number, number, number]) =>
      (await decodeImage(await plain(rgb).png().toBuffer(), grey))[0]!;
    const [red, green, blue] = [await lumaOf([255, 0, 0]), await lumaOf([0, 255, 0]), await lumaOf([0, 0, 255])];
    expect(green).toBeGreaterThan(red);
    expect(red).toBeGreaterThan(blue);
    expect(await lumaOf([255, 255, 255])).toBe(255);
    expect(await lumaOf([128, 128, 128])).toBe(128);
  });
});

// What lies in the corners top left, top right, bottom left, bottom right once the picture stands upright; for a file
// whose own pixels are red, green, blue, white. @source Exif 2.3, tag 0x0112.
const [R, G, B, W] = ["red", "green", "blue", "white"];
test.each([
  [1, [R, G, B, W]],
  [2, [G, R, W, B]],
  [3, [W, B, G, R]],
  [4, [B, W, R, G]],
  [5, [R, B, G, W]],
  [6, [B, R, W, G]],
  [7, [W, G, B, R]],
  [8, [G, W, R, B]],
] as const)("EXIF orientation %i is undone", async (orientation, corners) => {
  const file = await quarters().withMetadata({ orientation }).png().toBuffer();
  const pixels = await decodeImage(file, colour);
  const names: Record<string, string> = { "255,0,0": R!, "0,255,0": G!, "0,0,255": B!, "255,255,255": W! };
  const seen = [at(pixels, 2, 2), at(pixels, 13, 2), at(pixels, 2, 13), at(pixels, 13, 13)];
  expect(seen.map((rgb) => names[rgb.join()])).toEqual(corners);
});

describe("geometry", () => {
  test("cover keeps the proportions and cuts out the centre", async () => {
    // Twice as wide as high: the outer quarters, red and blue, are cut off.
    const left = await plain([255, 0, 0], 40, 80).png().toBuffer();
    const wide = plain([0, 255, 0], 160, 80).composite([
      { input: left, left: 0, top: 0 },
      { input: await plain([0, 0, 255], 40, 80).png().toBuffer(), left: 120, top: 0 },
    ]);
    const pixels = await decodeImage(await wide.png().toBuffer(), { ...colour, interpolation: "nearest" });
    expect(worst(pixels, [0, 255, 0])).toBe(0);
  });

  test("stretch shows everything", async () => {
    const pixels = await decodeImage(await quarters(160, 80).png().toBuffer(), { ...colour, resize: "stretch" });
    expect([at(pixels, 0, 0), at(pixels, 15, 0), at(pixels, 0, 15)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
  });

  test("pad shows everything in its proportions, on grey", async () => {
    const padded = { resize: "pad", interpolation: "nearest" } as const;
    const wide = await decodeImage(await quarters(160, 40).png().toBuffer(), { ...colour, ...padded });
    expect([0, 5, 6, 7, 8, 9, 10, 15].map((y) => at(wide, 0, y))).toEqual([
      ...[0, 1].map(() => [128, 128, 128]),
      ...[0, 1].map(() => [255, 0, 0]),
      ...[0, 1].map(() => [0, 0, 255]),
      ...[0, 1].map(() => [128, 128, 128]),
    ]);
    expect([at(wide, 7, 6), at(wide, 8, 6)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
    ]);
    const tall = await decodeImage(await quarters(40, 160).png().toBuffer(), { ...colour, ...padded });
    expect([5, 6, 8, 9, 10].map((x) => at(tall, x, 0))).toEqual([
      [128, 128, 128],
      [255, 0, 0],
      [0, 255, 0],
      [0, 255, 0],
      [128, 128, 128],
    ]);
  });

  test("the grey of a padded picture is the same in every format", async () => {
    const wide = () => plain([250, 250, 250], 160, 40);
    const files = {
      cmyk: await wide().toColourspace("cmyk").jpeg().toBuffer(),
      deep: await wide().toColourspace("rgb16").png().toBuffer(),
      deepGrey: await wide().toColourspace("grey16").png().toBuffer(),
      palette: await wide().png({ palette: true }).toBuffer(),
      transparent: await wide().ensureAlpha(0.5).png().toBuffer(),
      turned: await plain([250, 250, 250], 40, 160).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    };
    for (const [name, file] of Object.entries(files)) {
      const pixels = await decodeImage(file, { ...colour, resize: "pad" });
      expect([name, at(pixels, 3, 5), at(pixels, 15, 10)]).toEqual([name, [128, 128, 128], [128, 128, 128]]);
      const level = (await decodeImage(file, { ...grey, resize: "pad" }))[0];
      expect([name, level]).toEqual([name, 128]);
    }
    const own = Uint8Array.from({ length: 8 * 32 }, () => 250);
    const padded = await resizeGrey(own, { width: 32, height: 8 }, { ...grey, resize: "pad" });
    expect([...padded.subarray(0, 6 * 16)]).toEqual(new Array(6 * 16).fill(128));
    expect([...padded.subarray(6 * 16, 10 * 16)]).toEqual(new Array(4 * 16).fill(250));
  });

  test("a line of one pixel is padded, too", async () => {
    const line = await plain([0, 0, 250], 2000, 1).png().toBuffer();
    const pixels = await decodeImage(line, { ...colour, resize: "pad" });
    expect([at(pixels, 5, 6), at(pixels, 5, 7), at(pixels, 5, 8)]).toEqual([
      [128, 128, 128],
      [0, 0, 250],
      [128, 128, 128],
    ]);
  });

  test("a smaller picture is enlarged", async () => {
    const pixels = await decodeImage(await quarters(4, 4).png().toBuffer(), { ...colour, interpolation: "nearest" });
    expect(at(pixels, 7, 7)).toEqual([255, 0, 0]);
    expect(at(pixels, 8, 7)).toEqual([0, 255, 0]);
  });

  test("each interpolation is another", async () => {
    const noise = Buffer.from(Array.from({ length: 40 * 40 * 3 }, (_, i) => (i * i * 31) % 251));
    const file = await sharp(noise, { raw: { width: 40, height: 40, channels: 3 } })
      .png()
      .toBuffer();
    const kernels = ["nearest", "bilinear", "bicubic", "lanczos3"] as const;
    const all = await Promise.all(kernels.map((interpolation) => decodeImage(file, { ...colour, interpolation })));
    expect(new Set(all.map((pixels) => Buffer.from(pixels).toString("hex"))).size).toBe(4);
  });
});

describe("crop", () => {
  /** The picture of `scripts/golden/eval-transforms.py`: slopes at several angles and periods, and one hard edge. */
  function waves(width: number, height: number) {
    const wave = (t: number, period: number) => Math.floor((Math.abs((t % (2 * period)) - period) * 255) / period);
    const pixels = Buffer.alloc(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const inBar = y >= Math.floor(height / 2) && x >= Math.floor(width / 3) && x < Math.floor(width / 2);
      const slopes = [wave(3 * x + y, width), wave(x + 5 * y, height), wave(7 * x - 4 * y + 4 * height, 2 * width)];
      pixels.set(inBar ? [255, 32, 0] : slopes, i * 3);
    }
    return sharp(pixels, { raw: { width, height, channels: 3 } });
  }

  const meanDifference = (a: Uint8Array, b: Uint8Array) =>
    a.reduce((total, value, i) => total + Math.abs(value - b[i]!), 0) / b.length;

  test.each(goldenCrops)("$width × $height to $size px, $interpolation, as torchvision does", async (golden) => {
    const { width, height, pixels, size, crop, interpolation } = golden;
    const file = await waves(width, height).png().toBuffer();
    const expected = Buffer.from(pixels, "base64");
    const geometry: Geometry = { size, channels: 3, resize: "cover", interpolation };
    const difference = meanDifference(await decodeImage(file, { ...geometry, crop }), expected);
    expect(difference).toBeLessThan(0.5); // of 255
    // The comparison would tell: this is the same picture with its margins.
    expect(meanDifference(await decodeImage(file, geometry), expected)).toBeGreaterThan(5);
  });

  test("of 1 changes nothing", async () => {
    const file = await waves(75, 101).png().toBuffer();
    expect(await decodeImage(file, { ...colour, crop: 1 })).toEqual(await decodeImage(file, colour));
  });

  test("cuts out the centre: a margin between two pixels goes to the even one", async () => {
    // 21 px, of which 16 are kept: 2.5 on each side. Nothing is resized, so that every pixel can be told.
    const columns = Buffer.from(Array.from({ length: 21 * 21 * 3 }, (_, i) => Math.floor(i / 3) % 21));
    const file = await sharp(columns, { raw: { width: 21, height: 21, channels: 3 } })
      .png()
      .toBuffer();
    const pixels = await decodeImage(file, { ...colour, crop: 16 / 21 });
    expect([at(pixels, 0, 0), at(pixels, 15, 0)]).toEqual([
      [2, 2, 2],
      [17, 17, 17],
    ]);
  });

  test("keeps the proportions of a picture that EXIF turns", async () => {
    const upright = await waves(64, 40).png().toBuffer();
    const turned = await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).png().toBuffer();
    const geometry = { ...colour, crop: 0.8 };
    expect(await decodeImage(turned, geometry)).toEqual(await decodeImage(upright, geometry));
  });

  test("of a padded picture cuts on all sides", async () => {
    const file = await quarters(160, 80).png().toBuffer();
    const pixels = await decodeImage(file, { ...colour, resize: "pad", crop: 0.5, interpolation: "nearest" });
    expect([at(pixels, 0, 0), at(pixels, 15, 15)]).toEqual([
      [255, 0, 0],
      [255, 255, 255],
    ]);
    const corner = (await decodeImage(file, { ...colour, resize: "pad", crop: 0.8 })).subarray(0, 3);
    expect([...corner]).toEqual([128, 128, 128]);
  });

  test("of a stretched picture cuts on all sides", async () => {
    const file = await quarters(160, 80).png().toBuffer();
    const pixels = await decodeImage(file, { ...colour, resize: "stretch", crop: 0.5, interpolation: "nearest" });
    expect([at(pixels, 0, 0), at(pixels, 15, 15)]).toEqual([
      [255, 0, 0],
      [255, 255, 255],
    ]);
  });
});

describe("resizeGrey", () => {
  const pixels = Uint8Array.from({ length: 256 }, (_, i) => i);

  test("takes a square of the right side as it is, three times for three channels", async () => {
    expect(await resizeGrey(pixels, { width: 16, height: 16 }, grey)).toEqual(pixels);
    const three = await resizeGrey(pixels, { width: 16, height: 16 }, colour);
    expect(three).toEqual(Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)));
  });

  test("crops a square of the right side too", async () => {
    const geometry = { ...grey, crop: 0.5, interpolation: "nearest" as const };
    const cropped = await resizeGrey(pixels, { width: 16, height: 16 }, geometry);
    expect([cropped[0], cropped[255]]).toEqual([4 * 16 + 4, 11 * 16 + 11]);
  });

  test("resizes as a picture of the same pixels would be", async () => {
    const geometry = { ...grey, size: 8, interpolation: "lanczos3" as const };
    const file = await sharp(pixels, { raw: { width: 32, height: 8, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect(await resizeGrey(pixels, { width: 32, height: 8 }, geometry)).toEqual(await decodeImage(file, geometry));
  });
});

describe("broken files", () => {
  test.each(["jpeg", "png", "webp", "gif", "avif", "tiff"] as const)("a truncated %s is refused", async (format) => {
    const noise = Buffer.from(Array.from({ length: 80 * 80 * 3 }, (_, i) => (i * i * 31) % 251));
    const file = await sharp(noise, { raw: { width: 80, height: 80, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    await decodeImage(file, colour);
    for (const share of [0.3, 0.7, 0.9]) {
      const half = file.subarray(0, Math.floor(file.length * share));
      await expect(decodeImage(half, colour, "half")).rejects.toThrow(/^half: expected a readable image, received \S/);
    }
  });

  test.each([
    ["an empty file", "", "an empty file"],
    ["text", "hello", "starts with 68 65 6c 6c"],
    [
      "SVG by another name",
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      "starts with 3c 73 76 67",
    ],
  ])("%s is refused", async (_, content, received) => {
    const file = join(await temporaryFolder(), "x.png");
    await writeFile(file, content);
    const error = await decodeImage(file, colour).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).facts.at).toBe(file);
    expect((error as DataError).facts.received).toContain(received);
  });

  test("more pixels than can be held are refused", async () => {
    const header = await plain([0, 0, 0], 1, 1).png().toBuffer();
    header.writeUInt32BE(60_000, 16); // IHDR: width, height
    header.writeUInt32BE(60_000, 20);
    header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
    await expect(decodeImage(header, colour)).rejects.toThrow("exceeds pixel limit");
  });

  test("a missing file is named", async () => {
    const file = join(await temporaryFolder(), "none.png");
    await expect(decodeImage(file, colour)).rejects.toThrow(`${file}: expected a readable image, received a path`);
  });
});

describe("readHeader", () => {
  test("tells sides and colour, whatever the name", async () => {
    const file = join(await temporaryFolder(), "a[page=2], 100%.png");
    await writeFile(file, await plain([9, 9, 9], 70, 30).toColourspace("b-w").png().toBuffer());
    expect(await readHeader(file)).toEqual({ width: 70, height: 30, grey: true });
    await writeFile(file, await plain([9, 9, 9], 20, 30).png().toBuffer());
    expect(await readHeader(file)).toEqual({ width: 20, height: 30, grey: false });
    await writeFile(file, await plain([9, 9, 9], 20, 30).withMetadata({ orientation: 6 }).jpeg().toBuffer());
    expect(await readHeader(file)).toEqual({ width: 30, height: 20, grey: false });
  });

  test.each([
    ["jpeg", true, { width: 800, height: 600, grey: true }],
    ["jpeg", false, { width: 800, height: 600, grey: false }],
    ["png", true, { width: 800, height: 600, grey: true }],
    ["png", false, { width: 800, height: 600, grey: false }],
    ["tiff", true, { width: 800, height: 600, grey: true }],
    ["webp", false, { width: 800, height: 600, grey: false }],
  ] as const)("of a large %s, grey %s, is that of the whole file", async (format, isGrey, header) => {
    const channels = isGrey ? 1 : 3;
    const noise = Buffer.from(
      Array.from({ length: 800 * 600 * channels }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24),
    );
    const picture = sharp(noise, { raw: { width: 800, height: 600, channels } }).toColourspace(isGrey ? "b-w" : "srgb");
    const encoded =
      format === "png" ? picture.png({ compressionLevel: 0 }) : picture.toFormat(format, { quality: 100 });
    const bytes = await encoded.toBuffer();
    expect(bytes.length).toBeGreaterThan(256 * 1024);
    const file = join(await temporaryFolder(), "a");
    await writeFile(file, bytes);
    expect(await readHeader(file)).toEqual(header);
    // A thumbnail or a profile before the header may be longer than what is read at first.
    if (format !== "jpeg") return;
    const comment = Buffer.concat([Buffer.from("fffefffe", "hex"), Buffer.alloc(0xfffc)]);
    await writeFile(file, Buffer.concat([bytes.subarray(0, 2), comment, comment, comment, bytes.subarray(2)]));
    expect(await readHeader(file)).toEqual(header);
  });

  test("of what is no picture is null", async () => {
    const file = join(await temporaryFolder(), "a.png");
    expect(await readHeader(file)).toBeNull();
    await writeFile(file, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    expect(await readHeader(file)).toBeNull();
  });
});

/** As PNG's chunks want it: polynomial 0xEDB88320, inverted at both ends. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
