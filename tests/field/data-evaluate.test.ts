/** A model on folders that it was not trained on. */
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bantam, dataOf, fill, picture, quick, temporaryFolder, write } from "./data-fixtures.js";

const umlaut = "Müller";
let trained: string;
let model: string;

beforeAll(async () => {
  trained = await dataOf(["cat", "dog", umlaut.normalize("NFC")], 10);
  const out = join(await temporaryFolder(), "out");
  const { code, stderr } = await bantam(["train", trained, ...quick, "--out", out]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  model = join(out, "model.safetensors");
}, 180_000);

const evaluate = async (data: string, ...more: string[]) => {
  const { code, stdout, stderr } = await bantam(["eval", model, data, "--device", "cpu", "--json", ...more]);
  return {
    code,
    stderr,
    ...(JSON.parse(stdout) as { split: string; count: number; perClass: unknown[]; missing: string[] }),
  };
};
const named = async (name: string, classes: readonly string[], perClass: number) => {
  const root = await dataOf(classes, perClass);
  await rename(root, join(root, "..", name));
  return join(root, "..", name);
};

describe("eval", () => {
  test("of the folder of the training takes what was held out, as before", async () => {
    expect(await evaluate(trained)).toMatchObject({ code: 0, split: "test", count: 6, missing: [] });
    expect(await evaluate(trained, "--split", "all")).toMatchObject({ split: "all", count: 30 });
  });

  test("knows that folder at another place and under another name", async () => {
    const moved = join(await temporaryFolder(), "copied");
    await cp(trained, moved, { recursive: true });
    const { split, count, stderr } = await evaluate(moved);
    expect({ split, count }).toEqual({ split: "test", count: 6 });
    expect(stderr).not.toContain("is not the folder that the model was trained on");
  });

  test("knows that folder by the one above it", async () => {
    const above = join(await temporaryFolder(), "above");
    await cp(trained, join(above, "photos"), { recursive: true });
    await write(join(above, "readme.txt"), "");
    expect(await evaluate(above)).toMatchObject({ code: 0, split: "test", count: 6 });
  });

  test("of another folder takes all its images, and says so", async () => {
    const { split, count, stderr } = await evaluate(await named("others", ["cat", "dog", umlaut], 7));
    expect({ split, count }).toEqual({ split: "all", count: 21 });
    expect(stderr).toContain("others: 3 classes, 21 images, 16 px");
    expect(stderr).toContain("others is not the folder that the model was trained on: measured on all its images");
  });

  test("of another folder with parts takes its test part, and says so", async () => {
    const data = await named("parts", ["train/cat", "train/dog", "test/cat", "test/dog"], 4);
    const { split, count, stderr } = await evaluate(data);
    expect({ split, count }).toEqual({ split: "test", count: 8 });
    expect(stderr).toContain("parts is not the folder that the model was trained on: measured on its test part");
    expect((await evaluate(data, "--split", "all")).count).toBe(16);
  });

  test("of the folder with one more picture does not pretend that nothing was learned", async () => {
    const changed = join(await temporaryFolder(), "photos");
    await cp(trained, changed, { recursive: true });
    await picture(0, 99).png().toFile(join(changed, "cat/99.png"));
    const { split, stderr } = await evaluate(changed);
    expect(split).toBe("test");
    expect(stderr).toContain("photos has changed since the model was trained");
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
