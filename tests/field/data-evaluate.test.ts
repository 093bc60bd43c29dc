/** A model on folders that it was not trained on. */
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bantam, dataOf, fill, picture, quick, temporaryFolder, write } from "./data-fixtures.js";

const umlaut = "Müller";
let trained: string;
let model: string;
/** Of its 30 pictures. */
let held: number;

beforeAll(async () => {
  trained = await dataOf(["cat", "dog", umlaut.normalize("NFC")], 10);
  const out = join(await temporaryFolder(), "out");
  const { code, stdout, stderr } = await bantam(["train", trained, ...quick, "--out", out, "--json"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  held = JSON.parse(stdout).count;
  model = join(out, "model.safetensors");
}, 180_000);

const evaluate = async (data: string, ...more: string[]) => {
  const { code, stdout, stderr } = await bantam(["eval", model, data, "--device", "cpu", "--json", ...more]);
  return {
    code,
    stderr,
    ...(JSON.parse(stdout) as {
      split: string;
      count: number;
      perClass: unknown[];
      missing: string[];
      seen: { train: number; validation: number };
    }),
  };
};
/** Pictures that the model has not seen. */
const named = async (name: string, classes: readonly string[], perClass: number, first = 100) => {
  const root = await dataOf(classes, perClass, first);
  await rename(root, join(root, "..", name));
  return join(root, "..", name);
};

describe("eval", () => {
  test("of the folder of the training takes what was held out, as before", async () => {
    const { code, split, count, missing } = await evaluate(trained);
    expect({ code, split, missing }).toEqual({ code: 0, split: "test", missing: [] });
    expect(count).toBe(held);
    expect(await evaluate(trained, "--split", "all")).toMatchObject({ split: "all", count: 30 });
  });

  test("knows that folder at another place and under another name", async () => {
    const moved = join(await temporaryFolder(), "copied");
    await cp(trained, moved, { recursive: true });
    const { split, count, stderr } = await evaluate(moved);
    expect({ split, count }).toEqual({ split: "test", count: held });
    expect(stderr).not.toContain("is not what the model was trained on");
  });

  test("knows that folder by the one above it", async () => {
    const above = join(await temporaryFolder(), "above");
    await cp(trained, join(above, "photos"), { recursive: true });
    await write(join(above, "readme.txt"), "");
    expect(await evaluate(above)).toMatchObject({ code: 0, split: "test", count: held });
  });

  test("of another folder takes all its images, and says so", async () => {
    const { split, count, stderr } = await evaluate(await named("others", ["cat", "dog", umlaut], 7));
    expect({ split, count }).toEqual({ split: "all", count: 21 });
    expect(stderr).toContain("others: 3 classes, 21 images, 16 px");
    expect(stderr).toContain(
      "others is not what the model was trained on: measured on all images that it has not seen",
    );
  });

  test("of another folder with parts takes its test part, and says so", async () => {
    const data = await named("parts", ["train/cat", "train/dog", "test/cat", "test/dog"], 4);
    const { split, count, stderr } = await evaluate(data);
    expect({ split, count }).toEqual({ split: "test", count: 8 });
    expect(stderr).toContain(
      "parts is not what the model was trained on: measured on its test part that it has not seen",
    );
    expect((await evaluate(data, "--split", "all")).count).toBe(16);
  });

  test("of the folder with one more picture does not pretend that nothing was learned", async () => {
    const changed = join(await temporaryFolder(), "photos");
    await cp(trained, changed, { recursive: true });
    await picture(0, 99).png().toFile(join(changed, "cat/99.png"));
    const { split, count, seen, stderr } = await evaluate(changed);
    expect({ split, count }).toEqual({ split: "all", count: held + 1 });
    expect(seen.train + seen.validation).toBe(30 - held);
    expect(stderr).toContain(
      `${30 - held} images left out: the model was trained on ${seen.train} of them, and chosen by`,
    );
  });

  test("of its own pictures under other names and saved anew there are none left to measure", async () => {
    const learned = join(await temporaryFolder(), "learned");
    for (const [hue, name] of ["cat", "dog"].entries()) {
      await mkdir(join(learned, name), { recursive: true });
      for (let i = 0; i < 10; i++)
        await picture(hue, i)
          .jpeg({ quality: 60 + 4 * i })
          .toFile(join(learned, name, `new-${i}.jpg`));
    }
    const { count, seen } = await evaluate(learned);
    expect(count + seen.train + seen.validation).toBe(20);
    expect(count).toBeLessThanOrEqual(held);
  });

  test("of a deployed file without its model beside it says what it cannot know", async () => {
    const alone = join(await temporaryFolder(), "model.onnx");
    await cp(model.replace(".safetensors", ".onnx"), alone);
    const data = await named("elsewhere", ["cat", "dog"], 3);
    const { code, stdout, stderr } = await bantam(["eval", alone, data, "--device", "cpu", "--json"]);
    expect({ code, count: JSON.parse(stdout).count }).toEqual({ code: 0, count: 6 });
    expect(stderr).toContain("its file does not tell what it has seen");
    expect((await bantam(["eval", alone, trained, "--device", "cpu"])).stderr).not.toContain("does not tell");
  });

  test("of a folder without a class measures the others, down to one picture", async () => {
    const { code, count, missing, perClass, stderr } = await evaluate(await named("few", ["dog"], 1));
    expect({ code, count, missing }).toEqual({ code: 0, count: 1, missing: ["cat", umlaut.normalize("NFC")] });
    expect(stderr).toContain(`no images of cat, ${umlaut.normalize("NFC")}: measured on the others`);
    expect(perClass[0]).toEqual({ label: "cat", count: 0, precision: null, recall: null });
    expect(perClass[1]).toMatchObject({ label: "dog", count: 1, recall: expect.any(Number) });
  });

  test("knows a class alone, with its pictures in folders", async () => {
    expect(await evaluate(await named("deep", ["cat/2019/summer", "cat/2020"], 2))).toMatchObject({
      code: 0,
      count: 4,
    });
  });

  test("goes by names, in whatever form of Unicode and order", async () => {
    const data = await named("mac", [umlaut.normalize("NFD"), "dog"], 3);
    const { code, missing } = await evaluate(data);
    expect({ code, missing }).toEqual({ code: 0, missing: ["cat"] });
  });

  test("refuses other classes by name, before anything is decoded", async () => {
    const data = await named("zoo", ["cat", "emu", "yak"], 2);
    await write(join(data, "emu/broken.png"), "no picture");
    const { code, stderr } = await bantam(["eval", model, data, "--device", "cpu"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `expected only classes of the model ("cat", "dog", "${umlaut.normalize("NFC")}"), received "emu", "yak"`,
    );
    expect(stderr).not.toMatch(/reading headers|decoding/);
    await write(join(data, "classes.txt"), "cat\n");
    expect(await evaluate(data)).toMatchObject({ code: 0, count: 2 });
  });

  test("of a part without images says which to take", async () => {
    const { code, stderr } = await bantam(["eval", model, await named("one", ["cat"], 1), "--split", "validation"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "expected images in its validation part, received none\n  hint: --split all measures all images",
    );
  });

  test("tells names apart that look alike", async () => {
    const data = await dataOf(["cat"], 2);
    await rename(join(data, "cat"), join(data, "cat\u200b"));
    const { stderr } = await bantam(["eval", model, data]);
    expect(stderr).toContain('received "cat\\u{200b}"');
  });
});

describe("predict", () => {
  test("takes folders: all pictures below, and what was left out is named", async () => {
    const folder = await temporaryFolder();
    await fill(join(folder, "a/deep"), 2);
    await fill(folder, 1, 1);
    await write(join(folder, "a/photo.heic"), "");
    await write(join(folder, "@eaDir/0.png/thumb.png"), "a thumbnail");
    await write(join(folder, "broken.jpg"), "no picture");
    const { code, stdout, stderr } = await bantam(["predict", model, folder, "--json"]);
    expect(code).toBe(1);
    const { predictions, errors, ignored } = JSON.parse(stdout);
    const files = predictions.map(({ file }: { file: string }) => file.slice(folder.length + 1));
    expect(files).toEqual(["0.png", "a/deep/0.png", "a/deep/1.png"]);
    expect(errors).toMatchObject([{ item: join(folder, "broken.jpg") }]);
    expect(ignored).toEqual({ ".heic": 1, "@eaDir/": 1 });
    expect(stderr).toContain("not used: 1 .heic, which Bantam does not read");
    expect(stderr).toContain("not used, no images: 1 @eaDir/");
  });

  test("files beside folders, and a folder without pictures", async () => {
    const folder = await temporaryFolder();
    await fill(join(folder, "full"), 1);
    await mkdir(join(folder, "empty"));
    await write(join(folder, "raw/1.nef"), "");
    const paths = ["empty", "full", "raw", "full/0.png"].map((name) => join(folder, name));
    const { code, stdout, stderr } = await bantam(["predict", model, ...paths, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).predictions).toHaveLength(2);
    expect(stderr).toContain(
      "raw: expected JPEG, PNG, WebP, GIF, AVIF or TIFF files in this folder, received none, but 1 .nef",
    );
    expect(stderr).toContain("empty: expected JPEG");
    await rm(join(folder, "empty"), { recursive: true });
  });
});
