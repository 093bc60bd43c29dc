import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { decodeThumbnail } from "./decode.js";
import { copiesAmong } from "./near-copies.js";
import { seenAmong, signatureOf } from "./signature.js";
import { folderOf, quarters } from "./testing/fixtures.js";
import { type Thumbnails, thumbnailAt, thumbnailGeometry } from "./thumbnail.js";

const saved = {
  "JPEG 90": (picture: Sharp) => picture.jpeg({ quality: 90 }),
  "JPEG 50": (picture: Sharp) => picture.jpeg({ quality: 50 }),
  "WebP 60": (picture: Sharp) => picture.webp({ quality: 60 }),
  PNG: (picture: Sharp) => picture.png(),
};

const copiesIn = (thumbnails: Thumbnails) =>
  copiesAmong(
    thumbnails,
    Array.from({ length: thumbnails.count }, (_, i) => i),
  );

/** Pictures of noise, which have nothing in common, or of large patches of colour, as photos have. */
function pictureOf(seed: number, side: number, patches: number): Sharp {
  const rng = createRng(seed);
  const noise = Buffer.from(Array.from({ length: patches * patches * 3 }, () => rng.integer(256)));
  return sharp(noise, { raw: { width: patches, height: patches, channels: 3 } }).resize(side, side, {
    kernel: patches === side ? "nearest" : "cubic",
  });
}

async function thumbnailsOf(files: readonly Uint8Array[]) {
  const root = await folderOf(Object.fromEntries(files.map((file, i) => [`${i}`, file])));
  const geometry = thumbnailGeometry(3);
  const decoded = await Promise.all(files.map((_, i) => decodeThumbnail(`${root}/${i}`, geometry, `${i}`)));
  return { count: files.length, channels: 3, pixels: Buffer.concat(decoded) } as const;
}

test.each([
  ["noise of 32 px", 32, 32],
  ["noise of 64 px", 64, 64],
  ["noise of 224 px", 224, 224],
  ["patches of 48 px", 48, 6],
  ["patches of 300 px", 300, 9],
])("%s: what is saved anew is a copy, and nothing else is", async (_, side, patches) => {
  const pictures = await Promise.all(
    Array.from({ length: 12 }, async (_, i) => sharp(await pictureOf(i, side, patches).png().toBuffer())),
  );
  const originals = await Promise.all(pictures.map((picture) => picture.clone().png().toBuffer()));
  const seen = await thumbnailsOf(originals);
  const isSeen = seenAmong(Buffer.concat(originals.map((_, i) => signatureOf(thumbnailAt(seen, i)))));
  for (const [name, save] of Object.entries(saved)) {
    const again = await Promise.all(pictures.map((picture) => save(picture.clone()).toBuffer()));
    const thumbnails = await thumbnailsOf([...originals, ...again]);
    const expected = originals.map((_, i) => [i + 12, i]);
    expect(copiesIn(thumbnails), name).toEqual(expected);
    const known = again.map((_, i) => isSeen(signatureOf(thumbnailAt(thumbnails, i + 12))));
    expect(known, name).toEqual(again.map(() => true));
  }
  const others = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      pictureOf(100 + i, side, patches)
        .png()
        .toBuffer(),
    ),
  );
  const strangers = await thumbnailsOf(others);
  expect(copiesIn(strangers)).toEqual([]);
  expect(others.filter((_, i) => isSeen(signatureOf(thumbnailAt(strangers, i))))).toEqual([]);
});

test("a larger and a smaller one are copies, a mirrored, turned or recoloured one is none", async () => {
  const picture = sharp(await quarters(96).png().toBuffer());
  const variants = [
    picture.clone(),
    picture.clone().resize(200, 200),
    picture.clone().resize(48, 48),
    picture.clone().flop(),
    picture.clone().rotate(90),
    picture.clone().recomb([
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ]),
  ];
  const thumbnails = await thumbnailsOf(await Promise.all(variants.map((variant) => variant.png().toBuffer())));
  expect(copiesIn(thumbnails)).toEqual([
    [1, 0],
    [2, 0],
  ]);
});

test("plain pictures are no copies of each other, however alike", async () => {
  const plain = (level: number) =>
    sharp({ create: { width: 40, height: 40, channels: 3, background: { r: level, g: level, b: level } } });
  const files = await Promise.all([100, 101, 100].map((level) => plain(level).png().toBuffer()));
  expect(copiesIn(await thumbnailsOf(files))).toEqual([]);
});

test("a signature keeps its bytes: models of before are known by them", () => {
  const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 37 + (i >> 3) * 11) % 256);
  expect([...signatureOf(thumbnailAt({ count: 1, channels: 3, pixels }, 0))]).toEqual([
    128, 186, 129, 128, 140, 106, 148, 141, 149, 179, 125, 125, 172, 96, 77, 171, 127, 189, 161, 101,
  ]);
});
