import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataError, FileError, InterruptedError, UsageError } from "../base/index.js";
import { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
import { folderOf, idxImages, idxLabels, pictures, plain, temporaryFolder } from "./testing/fixtures.js";

async function open(root: string, options: Partial<OpenOptions> = {}): Promise<Dataset> {
  return openDataset(root, { seed: 1, cacheDir: options.cacheDir ?? (await temporaryFolder()), ...options });
}

function counts({ splits }: Dataset): number[] {
  return [splits.train.length, splits.validation.length, splits.test.length];
}

async function refusal(root: string, options: Partial<OpenOptions> = {}): Promise<DataError> {
  const error = await open(root, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

describe("a folder of class folders", () => {
  test("is split by class; size and colour are read off the pictures", async () => {
    const root = await folderOf(await pictures(["class-10", "class-2", "b"], 10, 50));
    const dataset = await open(root);
    expect(dataset).toMatchObject({
      root,
      classes: ["b", "class-2", "class-10"],
      nativeSize: 50,
      size: 48,
      channels: 3,
    });
    expect(dataset).toMatchObject({ skipped: [], ignored: {} });
    expect(counts(dataset)).toEqual([20, 3, 7]);
    for (const { source, label } of Object.values(dataset.splits).flat()) {
      expect(source.startsWith(`${dataset.classes[label]}/`)).toBe(true);
    }
  });

  test("the seed decides the split, not the order of the disk or the cache", async () => {
    const root = await folderOf(await pictures(["a", "b"], 20));
    const once = await open(root, { seed: 5 });
    expect(await open(root, { seed: 5 })).toEqual(once);
    expect((await open(root, { seed: 6 })).splits).not.toEqual(once.splits);
  });

  test("maxSize bounds the size, small pictures get the smallest", async () => {
    const root = await folderOf(await pictures(["a", "b"], 3, 100));
    expect((await open(root)).size).toBe(96);
    expect((await open(root, { maxSize: 60 })).size).toBe(56);
    const tiny = await folderOf(await pictures(["a", "b"], 3, 9));
    expect(await open(tiny)).toMatchObject({ nativeSize: 9, size: 16 });
  });

  test("is grey when every picture is", async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [i, name] of ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"].entries())
      files[`${name}.png`] = await plain([i, i, i]).toColourspace("b-w").png().toBuffer();
    expect((await open(await folderOf(files))).channels).toBe(1);
    const mixed = { ...files, "b/3.png": await plain([9, 9, 90]).png().toBuffer() };
    expect((await open(await folderOf(mixed))).channels).toBe(3);
  });

  test("is grey when files in colour show none, and not when one has a dot of it", async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [i, name] of ["a/1", "a/2", "a/3", "b/1", "b/2"].entries()) {
      const level = 40 * (i + 1);
      files[`${name}.jpg`] = await plain([level, level, level]).jpeg({ quality: 60 }).toBuffer();
    }
    const white = { input: await plain([255, 255, 255], 20).png().toBuffer(), left: 3, top: 9 };
    const grey = plain([30, 30, 30], 200).composite([white]);
    const withGrey = { ...files, "b/3.png": await grey.png({ palette: true }).toBuffer() };
    const { channels, looks } = await open(await folderOf(withGrey));
    expect({ channels, grey: looks.grey }).toEqual({ channels: 1, grey: 0 });
    const dot = { input: await plain([255, 0, 0], 2).png().toBuffer(), left: 77, top: 120 };
    const withDot = { ...files, "b/3.png": await plain([30, 30, 30], 200).composite([dot]).png().toBuffer() };
    expect((await open(await folderOf(withDot))).channels).toBe(3);
  });

  test.each([
    ["crop", 40, 40],
    ["squeeze", 80, 80],
    ["pad", 160, 160],
  ] as const)("%s keeps the pixels that it shows", async (shape, nativeSize, size) => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 6; i++) files[`${"ab"[i % 2]}/${i}.png`] = await plain([i, 80, 9], 160, 40).png().toBuffer();
    const root = await folderOf(files);
    expect(await open(root, { shape })).toMatchObject({ shape, nativeSize, size });
    expect((await open(root)).shape).toBe("squeeze");
  });

  test("hidden files are passed over, others counted, strays named, deeper folders read", async () => {
    const image = await plain([1, 2, 3]).png().toBuffer();
    const root = await folderOf({
      ...(await pictures(["a", "b"], 3)),
      "a/.hidden.png": image,
      ".git/x.png": image,
      "__MACOSX/a/0.png": image,
      "a/notes.txt": "",
      "b/more/labels.TXT": "",
      "b/more/deep/UPPER.PNG": image,
      README: "",
      "stray.png": image,
    });
    const dataset = await open(root);
    expect(dataset.classes).toEqual(["a", "b"]);
    expect(dataset.ignored).toEqual({
      ".txt": 2,
      "(none)": 1,
      ".git/": 1,
      "__MACOSX/": 1,
      "hidden files": 1,
    });
    expect(dataset.skipped).toEqual([{ source: "stray.png", reason: "outside every class folder" }]);
    const sources = Object.values(dataset.splits)
      .flat()
      .map(({ source }) => source);
    expect(sources).toHaveLength(7);
    expect(sources).toContain("b/more/deep/UPPER.PNG");
  });

  test("links are followed, circles and dead ends survived", async () => {
    const root = await folderOf(await pictures(["a", "b"], 3));
    const elsewhere = await folderOf(await pictures(["c"], 3));
    await symlink(join(elsewhere, "c"), join(root, "c"));
    await symlink("..", join(root, "a", "up"));
    await symlink(".", join(root, "b", "self"));
    await symlink("nowhere.png", join(root, "b", "dead.png"));
    const dataset = await open(root);
    expect(dataset.classes).toEqual(["a", "b", "c"]);
    const twice = "a link to a folder that has been read already";
    expect(dataset.skipped).toEqual([
      { source: "a/up", reason: twice },
      { source: "b/dead.png", reason: "a path that does not exist" },
      { source: "b/self", reason: twice },
    ]);
    const inB = Object.values(dataset.splits)
      .flat()
      .filter(({ label }) => label === 1);
    expect(inB).toHaveLength(3);
  });

  test("two class folders that are one are refused", async () => {
    const root = await folderOf(await pictures(["a", "b"], 3, 40, "train/"));
    await symlink("train", join(root, "test"));
    const { facts } = await refusal(root);
    expect(facts.at).toBe(join(root, "train/a"));
    expect(facts.received).toBe(`the same folder as ${join(root, "test/a")}`);
  });

  test("a pipe is not opened", async () => {
    const root = await folderOf(await pictures(["a", "b"], 3));
    execFileSync("mkfifo", [join(root, "a", "pipe.png")]);
    expect((await open(root)).skipped).toEqual([{ source: "a/pipe.png", reason: "not a regular file" }]);
  });

  test.runIf(process.geteuid?.() === 0)("files without permission are named, and read once they may be", async () => {
    const root = await folderOf(await pictures(["a", "b"], 4));
    const cacheDir = await temporaryFolder();
    const file = join(root, "b", "0.png");
    await chmod(root, 0o755);
    await chmod(cacheDir, 0o777);
    await chmod(file, 0o000);
    process.seteuid?.(65534); // the super-user may read everything
    const dataset = await open(root, { cacheDir }).finally(() => process.seteuid?.(0));
    expect(dataset.skipped).toEqual([{ source: "b/0.png", reason: "no permission" }]);
    await chmod(file, 0o644);
    expect((await open(root, { cacheDir })).skipped).toEqual([]);
  });

  test("broken files are named and left out; a second run knows them without decoding", async () => {
    const files = await pictures(["a", "b"], 5);
    const root = await folderOf({
      ...files,
      "a/cut.png": files["a/0.png"]!.subarray(0, 90),
      "b/text.jpg": "no picture",
    });
    const cacheDir = await temporaryFolder();
    const progress: string[] = [];
    const onProgress = (_done: number, _total: number, what: string) => progress.push(what);
    const dataset = await open(root, { cacheDir, onProgress });
    expect(dataset.skipped.map(({ source }) => source)).toEqual(["a/cut.png", "b/text.jpg"]);
    expect(dataset.skipped[0]!.reason).toMatch(/png|damaged/);
    expect(dataset.skipped[1]!.reason).toBe("a file that starts with 6e 6f 20 70");
    expect(counts(dataset)).toEqual([6, 2, 2]);
    expect(progress).toContain("decoding images");

    progress.length = 0;
    expect(await open(root, { cacheDir, onProgress })).toEqual(dataset);
    expect(progress).not.toContain("decoding images");
  });

  test("the fingerprint follows names, contents and labels, not times, the place or the seed", async () => {
    const root = await folderOf(await pictures(["a", "b"], 3));
    const { fingerprint } = await open(root);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await open(root, { seed: 99 })).fingerprint).toBe(fingerprint);
    await utimes(join(root, "a/0.png"), 1_000_000, 1_000_000);
    expect((await open(root)).fingerprint).toBe(fingerprint);
    await rename(join(root, "a/0.png"), join(root, "a/zero.png"));
    expect((await open(root)).fingerprint).not.toBe(fingerprint);
    await rename(join(root, "a/zero.png"), join(root, "a/0.png"));
    expect((await open(root)).fingerprint).toBe(fingerprint);
    await writeFile(join(root, "a/3.png"), await plain([0, 0, 0]).png().toBuffer());
    expect((await open(root)).fingerprint).not.toBe(fingerprint);
  });
});

describe("folders for the splits", () => {
  test("train, val and test are taken as they are", async () => {
    const root = await folderOf({
      ...(await pictures(["a", "b"], 4, 40, "Train/")),
      ...(await pictures(["a", "b"], 2, 40, "val/")),
      ...(await pictures(["b"], 1, 40, "testing/")),
    });
    const dataset = await open(root);
    expect(dataset.classes).toEqual(["a", "b"]);
    expect(counts(dataset)).toEqual([8, 4, 1]);
    expect(dataset.splits.test).toMatchObject([{ source: "testing/b/0.png", label: 1 }]);
    expect(dataset.splits.validation.every(({ source }) => source.startsWith("val/"))).toBe(true);
  });

  test.each(["valid", "test"])(
    "with train and %s, that is the test and validation is carved from train",
    async (held) => {
      const root = await folderOf({
        ...(await pictures(["a", "b"], 10, 40, "training/")),
        ...(await pictures(["a", "b"], 3, 40, `${held}/`)),
      });
      const dataset = await open(root);
      expect(counts(dataset)).toEqual([18, 2, 6]);
      expect(dataset.splits.test.every(({ source }) => source.startsWith(`${held}/`))).toBe(true);
    },
  );

  test("train alone is split like a plain folder", async () => {
    const dataset = await open(await folderOf(await pictures(["a", "b"], 10, 40, "train/")));
    expect(counts(dataset)).toEqual([16, 2, 2]);
  });

  test("a class that train has not, and images without a class, are refused", async () => {
    const train = await pictures(["a", "b"], 4, 40, "train/");
    const unknown = await refusal(await folderOf({ ...train, ...(await pictures(["a", "c"], 1, 40, "test/")) }));
    expect(unknown.facts.expected).toBe('only classes of the training folder ("a", "b")');
    expect(unknown.facts.received).toBe('"c"');
    const flat = await refusal(await folderOf({ ...train, "test/1.png": train["train/a/0.png"]! }));
    expect(flat.facts.expected).toBe("one sub-folder per class");
  });
});

describe("folders that cannot be used", () => {
  test("no folder, a file, nothing in it, no sub-folder", async () => {
    const root = await folderOf({ "a.png": "x", "b.png": "y" });
    expect((await refusal(join(root, "missing"))).facts.received).toBe("no such folder");
    expect((await refusal(join(root, "a.png"))).facts.received).toBe("a file");
    expect((await refusal(root)).facts).toMatchObject({ received: "2 images and no sub-folder" });
    expect((await refusal(await temporaryFolder())).facts).toMatchObject({ received: "no sub-folder" });
  });

  test("one class only, also under train", async () => {
    expect((await refusal(await folderOf(await pictures(["a"], 4)))).facts.received).toBe('one, "a"');
    const under = await folderOf(await pictures(["a"], 4, 40, "train/"));
    expect((await refusal(under)).facts.received).toBe('one, "a"');
  });

  test("an empty class folder, and one that holds other files", async () => {
    const root = await folderOf({ ...(await pictures(["a", "b"], 3)), "c/readme.md": "" });
    await mkdir(join(root, "d"));
    const { facts } = await refusal(root);
    expect(facts.received).toBe('none in "c", "d" (files of other kinds: 1 .md)');
    expect(facts.hint).toContain(".jpg");
  });

  test("a class with too few images", async () => {
    const root = await folderOf({ ...(await pictures(["a"], 9)), ...(await pictures(["few", "less"], 2)) });
    const { facts } = await refusal(root);
    expect(facts.expected).toMatch(/^at least 3 readable images of every class/);
    expect(facts.received).toBe('2 in "few", 2 in "less"');
  });

  test("a class whose images are all broken, with examples", async () => {
    const root = await folderOf({ ...(await pictures(["a"], 4)), "b/1.png": "1", "b/2.png": "2", "b/3.png": "3" });
    const { facts } = await refusal(root);
    expect(facts.received).toMatch(/^0 in "b"; 3 left out, such as b\/1\.png \(a file that starts with 31\)/);
  });

  test("every image broken", async () => {
    const files = ["a/1", "a/2", "b/1"].map((name) => [`${name}.jpg`, "broken"] as const);
    expect((await refusal(await folderOf(Object.fromEntries(files)))).facts.received).toContain(
      '0 in "a", 0 in "b"; 3',
    );
  });

  test("a held-out folder whose images are all broken", async () => {
    const train = await pictures(["a", "b"], 4, 40, "train/");
    const { facts } = await refusal(await folderOf({ ...train, "test/a/1.png": "broken" }));
    expect(facts.expected).toBe("at least one readable test image");
  });
});

describe("IDX files", () => {
  const labels = (count: number, classes = 2) => idxLabels(Array.from({ length: count }, (_, i) => i % classes));

  test("one pair is one pool", async () => {
    const root = await folderOf({
      "t10k-images-idx3-ubyte.gz": gzipSync(idxImages(20, 18, 18)),
      "t10k-labels-idx1-ubyte": labels(20),
    });
    const dataset = await open(root);
    expect(dataset).toMatchObject({ classes: ["0", "1"], nativeSize: 18, size: 18, channels: 1, skipped: [] });
    expect(counts(dataset)).toEqual([12, 2, 6]);
    const sources = Object.values(dataset.splits)
      .flat()
      .map(({ source }) => source);
    expect(new Set(sources)).toEqual(new Set(Array.from({ length: 20 }, (_, i) => `t10k-images-idx3-ubyte.gz#${i}`)));
    for (const { source, label } of dataset.splits.train) expect(Number(source.split("#")[1]) % 2).toBe(label);
  });

  test("with both pairs t10k is the test, in the dotted spelling too", async () => {
    const root = await folderOf({
      "train-images.idx3-ubyte": idxImages(40, 28, 28),
      "train-labels.idx1-ubyte": labels(40),
      "t10k-images.idx3-ubyte": idxImages(6, 28, 28),
      "t10k-labels.idx1-ubyte": labels(6),
      "classes.txt": "shoe\r\nbag\n",
    });
    const dataset = await open(root);
    expect(dataset.classes).toEqual(["shoe", "bag"]);
    expect(counts(dataset)).toEqual([36, 4, 6]);
    expect(dataset.splits.test.map(({ source }) => source)).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => `t10k-images.idx3-ubyte#${i}`),
    );
  });

  test("packing changes neither the pixels nor the split", async () => {
    const plainly = await open(
      await folderOf({ "train-images-idx3-ubyte": idxImages(30, 16, 16), "train-labels-idx1-ubyte": labels(30) }),
    );
    const packed = await open(
      await folderOf({
        "train-images-idx3-ubyte.gz": gzipSync(idxImages(30, 16, 16)),
        "train-labels-idx1-ubyte.gz": gzipSync(labels(30)),
      }),
    );
    const indices = ({ splits }: Dataset) => splits.test.map(({ source }) => source.split("#")[1]);
    expect(indices(packed)).toEqual(indices(plainly));
  });

  test("labels that start at 1 name the classes that are there", async () => {
    const root = await folderOf({
      "train-images-idx3-ubyte": idxImages(6, 16, 16),
      "train-labels-idx1-ubyte": idxLabels([1, 1, 1, 2, 2, 2]),
    });
    expect((await open(root)).classes).toEqual(["1", "2"]);
  });

  test("files that do not fit together are refused", async () => {
    const images = idxImages(6, 16, 16);
    const only = await refusal(await folderOf({ "train-images-idx3-ubyte": images }));
    expect(only.facts.received).toBe("only train-images-idx3-ubyte");
    const pair = { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels(6) };
    const root = await folderOf({ ...pair, "train-labels-idx1-ubyte": labels(5) });
    const fewer = await refusal(root);
    expect(fewer.facts).toMatchObject({ at: join(root, "train-labels-idx1-ubyte"), received: "5 labels" });
    const other = { "t10k-images-idx3-ubyte": idxImages(6, 20, 20), "t10k-labels-idx1-ubyte": labels(6) };
    expect((await refusal(await folderOf({ ...pair, ...other }))).facts.received).toBe("20 × 20 px");
    const unknown = { "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels(6, 3) };
    expect((await refusal(await folderOf({ ...pair, ...unknown }))).facts.received).toBe("2 at image 2");
    const one = await refusal(await folderOf({ ...pair, "train-labels-idx1-ubyte": labels(6, 1) }));
    expect(one.facts.expected).toBe("at least two classes");
  });

  test("class names that do not fit are refused", async () => {
    const pair = { "train-images-idx3-ubyte": idxImages(6, 16, 16), "train-labels-idx1-ubyte": labels(6, 3) };
    const root = await folderOf(pair);
    const withNames = async (names: string) => {
      await writeFile(join(root, "classes.txt"), names);
      return (await refusal(root)).facts;
    };
    const [labelFile, nameFile] = [join(root, "train-labels-idx1-ubyte"), join(root, "classes.txt")];
    expect(await withNames("a\nb\n")).toMatchObject({ at: labelFile, received: "2 at image 2" });
    expect(await withNames("a\n\nb\n")).toMatchObject({ at: nameFile, received: "nothing in line 2" });
    expect(await withNames("a\nb\na\n")).toMatchObject({ at: nameFile, received: '"a" twice' });
    expect((await withNames("a\nb\nc\nd\n")).received).toBe('2 in "a", 2 in "b", 2 in "c", 0 in "d"');
  });

  test("the box: 10,000 test images of Fashion-MNIST", async () => {
    const box = fileURLToPath(new URL("../../data/fashion-mnist-test-10k", import.meta.url));
    const dataset = await open(box, { seed: 3 });
    expect(dataset).toMatchObject({ nativeSize: 28, size: 28, channels: 1 });
    expect(dataset.classes).toHaveLength(10);
    expect(dataset.classes[9]).toBe("Ankle boot");
    expect(counts(dataset)).toEqual([7_232, 778, 1_990]);
    for (let label = 0; label < 10; label++) {
      // 200, within three standard deviations of a binomial.
      const held = dataset.splits.test.filter((sample) => sample.label === label).length;
      expect(Math.abs(held - 200)).toBeLessThan(38);
    }
  });
});

describe("the surroundings", () => {
  test("wrong options are refused", async () => {
    const root = await temporaryFolder();
    await expect(open(root, { testFraction: 1 })).rejects.toThrow(UsageError);
    await expect(open(root, { validationFraction: Number.NaN })).rejects.toThrow(UsageError);
  });

  test("a cache folder that cannot be made is a FileError with a hint", async () => {
    const root = await folderOf({ ...(await pictures(["a", "b"], 3)), file: "" });
    const error = await open(root, { cacheDir: join(root, "file", "cache") }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).facts.hint).toBeDefined();
  });

  test("stops when told to, and leaves nothing behind", async () => {
    const root = await folderOf(await pictures(["a", "b"], 30));
    for (const stopAt of ["reading headers", "decoding images"]) {
      const cacheDir = await temporaryFolder();
      const controller = new AbortController();
      let after = 0;
      const onProgress = (done: number, _total: number, what: string) => {
        if (controller.signal.aborted) after++;
        if (what === stopAt && done === 10) controller.abort();
      };
      await expect(open(root, { cacheDir, signal: controller.signal, onProgress })).rejects.toThrow(InterruptedError);
      expect(after).toBeLessThanOrEqual(16);
      expect(await readdir(cacheDir)).toEqual([]);
    }
  });

  test("does nothing at all once stopped", async () => {
    await expect(open("anywhere", { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
  });
});
