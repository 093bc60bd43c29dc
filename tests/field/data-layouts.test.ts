/** Folders of pictures as people have them: what is a part, what is a class, and what is asked. */
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/data/index.js";
import { idxImages, idxLabels } from "../../src/data/testing/fixtures.js";
import { bantam, dataOf, fill, picture, quick, temporaryFolder, write } from "./data-fixtures.js";

const open = async (root: string) => openDataset(root, { seed: 0, cacheDir: await temporaryFolder() });
const read = async (root: string) => {
  const { classes, splits, notes, skipped } = await open(root);
  const parts = Object.fromEntries(Object.entries(splits).map(([split, samples]) => [split, samples.length]));
  return { classes, parts, notes, skipped };
};
const below = (...parts: string[]) => parts.flatMap((part) => [`${part}/cat`, `${part}/dog`]);
const refusal = (root: string) =>
  open(root).then(
    () => "read",
    (error: Error) => error.message,
  );

describe("divisions", () => {
  test.each([
    ["training_set", "test_set"],
    ["train_images", "test_images"],
    ["seg_train", "seg_test"],
    ["Train", "Evaluation"],
    ["train", "holdout"],
    ["train", "validate"],
    ["train", "eval"],
    ["TrainingData", "TestingData"],
    ["flowers-train", "flowers-test"],
    ["train2017", "val2017"],
  ])("%s and %s are train and test", async (train, test) => {
    const root = await dataOf(below(train, test), 6);
    expect(await read(root)).toMatchObject({
      classes: ["cat", "dog"],
      parts: { train: 10, validation: 2, test: 12 },
      skipped: [],
    });
  });

  test("three parts, whatever they are called", async () => {
    const root = await dataOf(below("train", "dev", "held-out"), 4);
    const { parts, notes } = await read(root);
    expect(parts).toEqual({ train: 8, validation: 8, test: 8 });
    expect(notes).toContain("dev is taken for the validation part");
    expect(notes).toContain("held-out is taken for the test part");
  });

  test("pictures that stand in two parts stay there, and are named", async () => {
    const root = await dataOf(below("train", "test"), 6);
    await fill(join(root, "test/cat"), 6, 0, picture, 4); // 4 and 5 of train, and four of its own
    await write(join(root, "test/dog/0.png"), await picture(1, 3).jpeg({ quality: 70 }).toBuffer());
    const { parts, notes } = await read(root);
    expect(parts).toEqual({ train: 10, validation: 2, test: 12 });
    const leak = notes.find((note) => note.includes("stand in train, too"));
    expect(leak).toMatch(
      /^8 pictures of the test part stand in train, too, saved anew or not: test\/cat\/0.png is train\/cat\/4.png$/,
    );
  });

  test("one folder too high, twice, with a stray file: it is gone down and said", async () => {
    const root = await dataOf(below("archive/photos"), 5);
    await write(join(root, "readme.txt"), "from the internet");
    const { classes, notes, parts } = await read(root);
    expect(classes).toEqual(["cat", "dog"]);
    expect(parts).toEqual({ train: 6, validation: 2, test: 2 });
    expect(notes).toEqual(["the classes lie in archive/photos, a single folder"]);
  });

  test("parts in folders of their own name, with a third beside them", async () => {
    const root = await dataOf([...below("seg_train/seg_train", "seg_test/seg_test"), "seg_pred/seg_pred"], 4);
    const { classes, parts, skipped } = await read(root);
    expect(classes).toEqual(["cat", "dog"]);
    expect(parts).toEqual({ train: 6, validation: 2, test: 8 });
    expect(skipped).toEqual([{ source: "seg_pred", reason: "a folder beside train and test" }]);
  });

  test("parts one folder too high", async () => {
    const root = await dataOf(below("dataset/training_set", "dataset/test_set"), 4);
    expect((await read(root)).parts).toEqual({ train: 6, validation: 2, test: 8 });
  });

  test("a held-out part with one class alone", async () => {
    const root = await dataOf([...below("train"), "test/cat/2019"], 4);
    expect((await read(root)).parts).toEqual({ train: 6, validation: 2, test: 4 });
  });

  test("IDX files in a folder of the folder", async () => {
    const root = join(await temporaryFolder(), "MNIST");
    await write(join(root, "raw/train-images-idx3-ubyte.gz"), gzipSync(idxImages(20, 16, 16)));
    await write(join(root, "raw/train-labels-idx1-ubyte"), idxLabels(Array.from({ length: 20 }, (_, i) => i % 2)));
    await write(join(root, "processed/training.pt"), "");
    expect((await read(root)).parts).toEqual({ train: 16, validation: 2, test: 2 });
    const { code, stdout } = await bantam(["train", root, ...quick, "--json", "--out", join(root, "../out")]);
    expect({ code, name: JSON.parse(stdout).data.name }).toEqual({ code: 0, name: "MNIST" });
  });
});

describe("classes", () => {
  test.each([
    [["cat", "dog", "test"]],
    [["bus", "car", "train"]],
    [["bus", "test", "train"]],
    [["test tube", "training shoe"]],
    [["evaluation", "validation"]],
  ])("%j are classes", async (names) => {
    const root = await dataOf(names, 4);
    expect(await read(root)).toMatchObject({ classes: names, notes: [], skipped: [] });
  });

  test("whose pictures lie in folders of a neutral name, or of numbers", async () => {
    const root = await dataOf(["cat/images", "cat/2019", "cat/2020", "dog/images", "dog/2019", "dog/2020"], 3);
    expect((await read(root)).classes).toEqual(["cat", "dog"]);
  });

  test("one name in two forms of Unicode is one class", async () => {
    const root = await dataOf(["Müller".normalize("NFC"), "Müller".normalize("NFD"), "Meier"], 4);
    expect(await readdir(root)).toHaveLength(3);
    const { classes, parts, notes } = await read(root);
    expect(classes).toEqual(["Meier", "Müller".normalize("NFC")]);
    expect(parts).toEqual({ train: 7, validation: 2, test: 3 });
    expect(notes).toEqual(["Müller is the name of two folders, in two forms of Unicode, and one class"]);
  });

  test("a test part may write its classes in another form", async () => {
    const root = await dataOf(
      ["train/Ångström", "train/Æsir", "test/Ångström", "test/Æsir"].map((n) => n.normalize("NFC")),
      4,
    );
    await rename(join(root, "test/Ångström".normalize("NFC")), join(root, "test/Ångström".normalize("NFD")));
    expect((await read(root)).parts).toEqual({ train: 6, validation: 2, test: 8 });
  });
});

describe("what can be read in two ways is asked", () => {
  test("folders that all hold the same folders", async () => {
    const root = await dataOf(below("north", "south"), 4);
    const message = await refusal(root);
    expect(message).toContain('received "north", "south", which all hold "cat", "dog"');
    expect(message).toContain(`give one of the folders, as ${join(root, "north")}`);
    expect(message).toContain("write their names into");
    expect((await read(join(root, "north"))).classes).toEqual(["cat", "dog"]);
    await write(join(root, "classes.txt"), "\uFEFFnorth\r\nsouth\r\n");
    expect((await read(root)).classes).toEqual(["north", "south"]);
  });

  test("held-out parts without a training part", async () => {
    expect(await refusal(await dataOf(below("val", "test"), 4))).toContain(
      '"test", "val", which all hold "cat", "dog"',
    );
  });

  test("parts below each class", async () => {
    const root = await dataOf(["cat/train", "cat/test", "dog/train", "dog/test"], 4);
    expect(await refusal(root)).toContain('"cat", "dog", which all hold "test", "train"');
  });

  test("a part below each class", async () => {
    expect(await refusal(await dataOf(["cat/train", "dog/train"], 4))).toContain('which all hold "train"');
  });

  test("parts of parts", async () => {
    const root = await dataOf([...below("train/first", "train/second"), ...below("test")], 4);
    expect(await refusal(root)).toContain('"first", "second", which all hold "cat", "dog"');
  });

  test("a folder that holds the classes once more", async () => {
    const root = await dataOf(["cat", "dog", ...below("photos")], 4);
    expect(await refusal(root)).toContain('received "photos", which holds "cat", "dog" once more');
    expect(await refusal(await dataOf(["cat", "dog", ...below("test")], 4))).toContain('"test", which holds');
  });

  test("a training folder beside one that nobody can name", async () => {
    const root = await dataOf([...below("train"), "unlabeled"], 4);
    expect(await refusal(root)).toContain('"train", which holds folders of its own, beside "unlabeled"');
    await write(join(root, "classes.txt"), "train\nunlabeled");
    expect((await read(root)).classes).toEqual(["train", "unlabeled"]);
  });

  test("train and test without classes in them", async () => {
    const root = await dataOf(["train", "test"], 6);
    const message = await refusal(root);
    expect(message).toContain(
      `${join(root, "train")}: expected one sub-folder per class, received 6 images and no sub-folder`,
    );
    await write(join(root, "classes.txt"), "train\ntest\n");
    expect((await read(root)).classes).toEqual(["test", "train"]);
  });

  test("two divisions in one folder", async () => {
    const root = await dataOf(
      ["cat_train/a", "cat_train/b", "cat_test/a", "dog_train/a", "dog_train/b", "dog_test/a"],
      3,
    );
    expect(await refusal(root)).toContain("cat_test and cat_train, dog_test and dog_train");
  });

  test("classes.txt that names something else is none of ours", async () => {
    const root = await dataOf(["cat", "dog"], 4);
    await write(join(root, "classes.txt"), "1 cat\n2 dog\n");
    expect(await read(root)).toMatchObject({ classes: ["cat", "dog"], skipped: [] });
  });
});

describe("every command that reads data", () => {
  const commands = (root: string, out: string): readonly (readonly string[])[] => [
    ["train", root, ...quick, "--out", join(out, "train")],
    [
      "fit",
      root,
      "--trials",
      "1",
      "--epochs",
      "1",
      "--time",
      "60s",
      "--max-params",
      "20k",
      "--max-macs",
      "500k",
      "--out",
      join(out, "fit"),
    ],
    ["search", root, "--trials", "1", "--epochs", "1", "--strategy", "random", "--study", join(out, "search")],
  ];

  test("names classes with their counts, and what was left out, in words and in JSON", async () => {
    const root = await dataOf(below("training_set", "test_set"), 6);
    await write(join(root, "training_set/cat/0.heic"), "");
    await write(join(root, "training_set/cat/broken.png"), "no picture");
    for (const words of commands(root, await temporaryFolder())) {
      const { code, stdout, stderr } = await bantam([...words, "--json"]);
      expect({ code, command: words[0] }).toEqual({ code: 0, command: words[0] });
      expect(stderr).toContain("photos: 2 classes, 10 train, 2 validation, 12 held-out test images");
      expect(stderr).toContain("train + validation + test: cat 5 + 1 + 6 · dog 5 + 1 + 6");
      expect(stderr).toContain("training_set is taken for the training part");
      expect(stderr).toContain("skipped training_set/cat/broken.png: a file that starts with 6e 6f 20 70");
      expect(stderr).toContain("not used: 1 .heic, which Bantam does not read");
      expect(JSON.parse(stdout).data).toMatchObject({
        perClass: [
          { label: "cat", train: 5, validation: 1, test: 6 },
          { label: "dog", train: 5, validation: 1, test: 6 },
        ],
        ignored: { ".heic": 1 },
        skipped: [{ source: "training_set/cat/broken.png" }],
      });
    }
  });
});

test("a folder of many classes is read by their number", async () => {
  const root = await temporaryFolder();
  for (let i = 0; i < 40; i++) await fill(join(root, "many", `class-${i}`), 3, i);
  const { code, stderr } = await bantam(["train", join(root, "many"), ...quick, "--out", join(root, "out")]);
  expect(code).toBe(0);
  expect(stderr).toContain("class-11 1 + 1 + 1 · and 28 more classes of 3 to 3 images");
});
