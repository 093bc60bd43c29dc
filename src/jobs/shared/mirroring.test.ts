import sharp from "sharp";
import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { mirrored, openDataset, openImages } from "../../data/index.js";
import { folderOf, temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine } from "../../runtime/index.js";
import { recipeFor } from "./choices.js";
import { findMirroring, judge } from "./mirroring.js";
import { noProgress } from "./progress.js";

const times = <T>(n: number, value: T): T[] => new Array<T>(n).fill(value);

test("a class that is another one in the mirror is named, with what it becomes", () => {
  const labels = [...times(20, 0), ...times(20, 1), ...times(20, 2)];
  const mirror = [...times(18, 1), 0, 2, ...times(20, 0), ...times(20, 2)];
  expect(judge(["left", "right", "up"], labels, { plain: labels, mirrored: mirror }, true)).toEqual({
    on: false,
    why: "20 of 20 known pictures of right are taken for left in the mirror (and 1 more classes change)",
  });
});

test.each([
  ["all stay", 40, 40, true],
  ["most stay", 40, 30, true],
  ["too few are known, so as is usual for colour", 11, 0, true],
])("%s", (_, known, kept, on) => {
  const labels = times(40, 0);
  const plain = [...times(known, 0), ...times(40 - known, 1)];
  const mirror = [...times(kept, 0), ...times(40 - kept, 1)];
  expect(judge(["a", "b"], labels, { plain, mirrored: mirror }, true).on).toBe(on);
  if (known < 12) expect(judge(["a", "b"], labels, { plain, mirrored: mirror }, false).on).toBe(false);
});

/** A bar at the left or the right of noise, or above or below. */
async function bars(names: readonly string[]) {
  const rng = createRng(5);
  const files: Record<string, Uint8Array> = {};
  for (const name of names) {
    for (let i = 0; i < 40; i++) {
      const pixels = Buffer.from(Array.from({ length: 24 * 24 * 3 }, () => rng.integer(120)));
      const at = 2 + rng.integer(4);
      for (let long = 0; long < 24; long++) {
        const [x, y] = { left: [at, long], right: [23 - at, long], above: [long, at], below: [long, 23 - at] }[name]!;
        pixels.fill(250, (y! * 24 + x!) * 3, (y! * 24 + x!) * 3 + 3);
      }
      files[`${name}/${i}.png`] = await sharp(pixels, { raw: { width: 24, height: 24, channels: 3 } })
        .png()
        .toBuffer();
    }
  }
  return folderOf(files);
}

test.each([
  [["left", "right"], false],
  [["above", "below"], true],
])(
  "pictures of %j say so themselves",
  async (names, on) => {
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(await bars(names), { seed: 0, cacheDir });
    const geometry = { size: 24, channels: 3, resize: "cover", interpolation: "bilinear" } as const;
    const images = await openImages(dataset, "train", geometry, { cacheDir });
    const found = await findMirroring({
      engine: await chooseEngine("auto", 1),
      images,
      classes: dataset.classes,
      recipe: recipeFor(dataset),
      rng: createRng(0),
      progress: noProgress,
    });
    expect(found.on).toBe(on);
    expect(found.why).toContain(on ? "known in the mirror, too" : "are taken for");

    const [plain, twice] = [new Uint8Array(24 * 24 * 3), new Uint8Array(24 * 24 * 3)];
    images.read(0, plain, 0);
    mirrored(images).read(0, twice, 0);
    expect([...twice.subarray(0, 3)]).toEqual([...plain.subarray(23 * 3, 24 * 3)]);
    mirrored(mirrored(images)).read(0, twice, 0);
    expect(twice).toEqual(plain);
    images.close();
  },
  60_000,
);
