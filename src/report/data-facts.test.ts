import { expect, test } from "vitest";
import { type DataFacts, dataLines } from "./data-facts.js";

const facts = (classes: readonly string[], more: Partial<DataFacts> = {}): DataFacts => ({
  name: "photos",
  side: 48,
  shape: "crop",
  channels: 3,
  classes,
  train: 14 * classes.length,
  validation: 2 * classes.length,
  test: 4 * classes.length,
  perClass: classes.map((label, i) => ({ label, train: 14 + i, validation: 2, test: 4 })),
  skipped: [],
  ignored: {},
  notes: [],
  looks: { count: 20 * classes.length, grey: 0, elongated: 0 },
  ...more,
});

test("classes and how many images of each every part has", () => {
  expect(dataLines(facts(["cat", "dog"]))).toEqual([
    ["photos: 2 classes, 28 train, 4 validation, 8 held-out test images, 48 px"],
    ["train + validation + test: cat 14 + 2 + 4 · dog 15 + 2 + 4"],
  ]);
});

test("a thousand classes take a line, too", () => {
  const lines = dataLines(facts(Array.from({ length: 1000 }, (_, i) => `class ${i}`)));
  expect(lines).toHaveLength(2);
  expect(lines[1]![0].length).toBeLessThan(400);
  expect(lines[1]![0]).toMatch(/ · class 11 25 \+ 2 \+ 4 · and 988 more classes of 32 to 1019 images$/);
});

test("what was not used, and what to do about it", () => {
  const [, , ...lines] = dataLines(
    facts(["a", "b"], {
      ignored: { ".heic": 40, ".bmp": 3, ".txt": 1, "(none)": 2, "@eaDir/": 2, "._*": 5 },
      skipped: Array.from({ length: 7 }, (_, i) => ({ source: `a/${i}.png`, reason: "an empty file" })),
      looks: { count: 40, grey: 38, elongated: 4 },
      notes: ["train is taken for the training part"],
    }),
  );
  expect(lines).toEqual([
    ["train is taken for the training part"],
    ["38 of 40 images are stored in grey, 2 in colour: colours are kept"],
    [
      "4 of 40 images (10 %) are more than twice as long in one direction: more than half of each is cut off to make it square, unless trained with --shape squeeze or pad",
    ],
    [
      "not used: 40 .heic, 3 .bmp, which Bantam does not read: convert them to PNG or JPEG, as with `magick mogrify -format png *.heic`",
      "warning",
    ],
    ["not used, no images: 5 ._*, 2 without extension, 2 @eaDir/, 1 .txt"],
    ...[0, 1, 2, 3, 4].map((i) => [`skipped a/${i}.png: an empty file`, "warning"]),
    ["skipped 2 more: --json lists them all", "warning"],
  ]);
});

test.each([
  ["squeeze", "all images are squeezed to squares, and nothing of them is cut off"],
  ["pad", "all images lie whole on grey squares, and nothing of them is cut off"],
] as const)("what becomes of elongated images: %s", (shape, words) => {
  const lines = (elongated: number) =>
    dataLines(facts(["a", "b"], { shape, looks: { count: 40, grey: 0, elongated } }));
  expect(lines(4)[2]).toEqual([`4 of 40 images (10 %) are more than twice as long in one direction: ${words}`]);
  expect(lines(0)).toHaveLength(2);
});

test("colour that shows none is said", () => {
  const looks = { count: 40, grey: 30, elongated: 0 };
  expect(dataLines(facts(["a", "b"], { channels: 1, looks }))[2]).toEqual([
    "30 of 40 images are stored in grey, 10 in colour, but none shows a colour: all are taken for grey",
  ]);
  expect(dataLines(facts(["a", "b"], { channels: 1, looks: { ...looks, grey: 40 } }))).toHaveLength(2);
});

test("names cannot steer a terminal", () => {
  expect(dataLines(facts(["a\u001b[2J", "b"])).join("")).not.toContain("\u001b");
});
