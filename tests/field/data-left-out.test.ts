/** What is no part of the data, or only looks like it: said, counted, and never a class. */
import { cp, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/data/index.js";
import { bantam, dataOf, fill, picture, quick, temporaryFolder, write } from "./data-fixtures.js";

const open = async (root: string) => openDataset(root, { seed: 0, cacheDir: await temporaryFolder() });
const total = ({ splits }: Awaited<ReturnType<typeof open>>) => Object.values(splits).flat().length;
const train = async (root: string, ...more: string[]) => {
  const { code, stdout, stderr } = await bantam(["train", root, ...quick, "--json", ...more]);
  return { code, stderr, result: JSON.parse(stdout) };
};

describe("what was not used is said", () => {
  test("formats that are not read, by their extension, with a word on what to do", async () => {
    const root = await dataOf(["cat", "dog"], 6);
    for (const extension of ["HEIC", "heic", "bmp", "jxl", "CR2", "svg"])
      await write(join(root, `cat/${extension}.${extension}`), "");
    await write(join(root, "dog/labels.csv"), "");
    await write(join(root, "dog/film.mp4"), "");
    const { code, stderr, result } = await train(root, "--out", join(root, "../out"));
    expect(code).toBe(0);
    expect(result.data.ignored).toEqual({
      ".heic": 2,
      ".bmp": 1,
      ".jxl": 1,
      ".cr2": 1,
      ".svg": 1,
      ".csv": 1,
      ".mp4": 1,
    });
    expect(stderr).toMatch(/not used: 2 \.heic, 1 \.\w+, .*, which Bantam does not read: convert them to PNG or JPEG/);
    expect(stderr).toContain("not used, no images: 1 .csv, 1 .mp4");
  });

  test("also with --quiet, where pictures may be missed: in a few lines, and of what is no picture in none", async () => {
    const root = await dataOf(["cat", "dog"], 6);
    for (let i = 0; i < 9; i++) await write(join(root, `cat/broken-${i}.png`), "no picture");
    await write(join(root, "dog/photo.heic"), "");
    await write(join(root, "dog/labels.csv"), "");
    const { code, stderr } = await train(root, "--quiet", "--out", join(root, "../out"));
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^warning: not used: 1 \.heic, which Bantam does not read/);
    expect(lines.slice(1)).toEqual([
      ...[0, 1, 2, 3, 4].map((i) => expect.stringContaining(`warning: skipped cat/broken-${i}.png: `)),
      "warning: skipped 4 more: --json lists them all",
    ]);
  });

  test("thumbnails, recycle bins and metadata are no pictures and no classes", async () => {
    const root = await dataOf(["cat", "dog"], 5);
    for (const folder of [
      "@eaDir",
      "#recycle",
      ".thumbnails",
      "__MACOSX",
      "$RECYCLE.BIN",
      "lost+found",
      ".ipynb_checkpoints",
    ]) {
      await fill(join(root, folder), 1);
      await fill(join(root, "cat", folder), 1);
    }
    for (const file of ["Thumbs.db", ".DS_Store", "._0.png", "._1.png", "desktop.ini"])
      await write(join(root, "dog", file), "x");
    const dataset = await open(root);
    expect(dataset.classes).toEqual(["cat", "dog"]);
    expect(total(dataset)).toBe(10);
    expect(dataset.skipped).toEqual([]);
    expect(dataset.ignored).toEqual({
      "@eaDir/": 2,
      "#recycle/": 2,
      ".thumbnails/": 2,
      "__MACOSX/": 2,
      "$RECYCLE.BIN/": 2,
      "lost+found/": 2,
      ".ipynb_checkpoints/": 2,
      "Thumbs.db": 1,
      ".DS_Store": 1,
      "._*": 2,
      "desktop.ini": 1,
    });
  });

  test("pictures that lose more than half to the crop are counted", async () => {
    const root = await dataOf(["cat", "dog"], 5);
    for (const [i, [width, height]] of (
      [
        [100, 25],
        [20, 60],
        [50, 26],
        [52, 26],
      ] as const
    ).entries()) {
      await picture(0, i, [width, height])
        .png()
        .toFile(join(root, `cat/wide-${i}.png`));
    }
    const { stderr, result } = await train(root, "--out", join(root, "../out"));
    expect(result.data.looks).toEqual({ count: 14, grey: 0, elongated: 2 });
    expect(stderr).toContain("2 of 14 images (14 %) are more than twice as long in one direction");
  });

  test("a class of nothing but other formats says so", async () => {
    const root = await dataOf(["cat", "dog"], 5);
    for (let i = 0; i < 4; i++) await write(join(root, `emu/${i}.heic`), "");
    const { stderr, code } = await bantam(["train", root, ...quick]);
    expect(code).toBe(1);
    expect(stderr).toContain('received none in "emu" (files of other kinds: 4 .heic)');
  });
});

describe("results are never a class", () => {
  test("of trainings, fits and searches, in the folder or below another", async () => {
    const root = await dataOf(["cat", "dog"], 6);
    const out = join(root, "..", "out");
    const short = ["--trials", "1", "--epochs", "1", "--max-params", "20k", "--max-macs", "500k"];
    const runs: readonly (readonly string[])[] = [
      ["train", root, ...quick, "--out", join(out, "first")],
      ["fit", root, ...short, "--time", "60s", "--out", join(out, "fitted")],
      ["search", root, ...short, "--strategy", "random", "--study", join(out, "studies")],
    ];
    for (const words of runs) {
      const { code, stderr } = await bantam(words);
      expect({ code, stderr }).toMatchObject({ code: 0 });
    }
    await rename(join(out, "studies"), join(root, "studies"));
    await rename(out, join(root, "runs"));
    const { classes, skipped } = await open(root);
    expect(classes).toEqual(["cat", "dog"]);
    const reason = "a folder of Bantam's results";
    expect(skipped).toEqual(["runs", "studies"].map((source) => ({ source, reason })));
  });

  test("of a run that was stopped before it had any", async () => {
    const root = await dataOf(["cat", "dog"], 5);
    await mkdir(join(root, "runs", "photos", "checkpoints"), { recursive: true });
    await mkdir(join(root, "runs", "about to begin"));
    await write(join(root, "kept/model.safetensors"), "");
    expect((await open(root)).classes).toEqual(["cat", "dog"]);
    await mkdir(join(root, "emu", "2019"), { recursive: true });
    await expect(open(root)).rejects.toThrow('received none in "emu"');
  });

  test("a class is one, whatever lies beside its pictures", async () => {
    const root = await dataOf(["runs", "walks"], 5);
    await write(join(root, "runs/run.json"), "{}");
    await write(join(root, "walks/study.json"), "{}");
    expect((await open(root)).classes).toEqual(["runs", "walks"]);
    await fill(join(root, "walks/deep/er"), 2);
    expect(total(await open(root))).toBe(12);
  });
});

describe("colour is decided from every picture", () => {
  const grey = (hue: number, i: number) => picture(hue, i, [20, 20], 1).toColourspace("b-w");

  test("two small classes told apart by colour make a network of colours, and it is said", async () => {
    const root = await dataOf(["red", "green"], 6);
    await fill(join(root, "grey"), 600, 0, grey);
    const { code, stderr, result } = await train(root, "--out", join(root, "../out"));
    expect(code).toBe(0);
    expect(stderr).toContain("600 of 612 images are stored in grey, 12 in colour: colours are kept");
    expect(result.data.looks).toMatchObject({ count: 612, grey: 600 });
    expect((await open(root)).channels).toBe(3);
  });

  test.each([0, 299, 599])("a single coloured picture among 600 is seen, at place %d", async (place) => {
    const root = join(await temporaryFolder(), "photos");
    await fill(join(root, "a"), 300, 0, grey);
    await cp(join(root, "a"), join(root, "b"), { recursive: true });
    await picture(1)
      .png()
      .toFile(join(root, place < 300 ? "a" : "b", `${place % 300}.png`));
    expect(await open(root)).toMatchObject({ channels: 3, looks: { count: 600, grey: 599 } });
  });

  test("grey pictures alone, broken ones of any kind among them, stay grey without a word", async () => {
    const root = join(await temporaryFolder(), "photos");
    for (const name of ["a", "b"]) await fill(join(root, name), 5, 0, grey);
    await write(join(root, "a/drawing.png"), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const { stderr, result } = await train(root, "--out", join(root, "../out"));
    expect(result.data.looks).toEqual({ count: 10, grey: 10, elongated: 0 });
    expect(stderr).not.toContain("colours");
  });
});
