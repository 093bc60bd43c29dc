/** Files that people write by hand, and words that are nearly right: what is read all the same, and what a mistake is called. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { buildArchitecture } from "../../src/networks/index.js";
import { writeLatencyTable } from "../latency-table.js";
import { makePhotos } from "../photos.js";
import { createPlace } from "../place.js";

const { place, run: bantam } = createPlace();

const recipe = '{ "base": "quick", "ema": 0.999 }';
const network = JSON.stringify(buildArchitecture("mobilenet-v1", { width: 0.25, resolution: 32 }), null, 1);
const space = '{ "base": "image", "resolutions": [16], "widths": [0.25], "activations": ["relu"] }';
const training = (more: readonly string[]) => [
  ...["train", place("photos"), "--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--epochs", "1"],
  ...["--out", place(`out-${Math.random()}`), ...more],
];
const searching = (file: string) => [
  ...["search", place("photos"), "--space", file, "--study", place(`study-${Math.random()}`)],
  ...["--trials", "1", "--epochs", "1", "--images", "6", "--strategy", "random"],
];

beforeAll(async () => {
  await makePhotos(place("photos"), 6);
}, 60_000);

describe("a text that a person wrote", () => {
  const kinds: readonly (readonly [string, string, (file: string) => readonly string[]])[] = [
    ["recipe", recipe, (file) => training(["--recipe", file])],
    ["space", space, searching],
    ["network", network, (file) => ["profile", file]],
  ];

  test.each(kinds)("a %s may begin with a byte order mark", async (kind, text, words) => {
    const file = place(`bom-${kind}.json`);
    await writeFile(file, `\ufeff${text}`);
    const { code, stderr } = await bantam(words(file));
    expect(code, stderr).toBe(0);
  });

  test("so may a latency table", async () => {
    const file = place("table.json");
    await writeLatencyTable(file);
    await writeFile(place("bom-table.json"), `\ufeff${await readFile(file, "utf8")}`);
    const words = (table: string) => ["scale", "mobilenet-v1", "--max-latency", "1s", "--latency-table", table];
    expect((await bantam(words(place("bom-table.json")))).stdout).toBe((await bantam(words(file))).stdout);
  });

  test.each(kinds)("a %s with a mistake is told its line and column", async (kind, text, words) => {
    const file = place(`wrong-${kind}.json`);
    await writeFile(file, `${text.slice(0, -1).replaceAll(", ", ",\n")},\n}`);
    const { code, stderr } = await bantam(words(file));
    expect(code).toBeGreaterThan(0);
    const lines = readFileSync(file, "utf8").split("\n").length;
    expect(stderr).toContain(`in line ${lines}, column 1, "}" in place of a name in double quotes`);
  });

  test.each(kinds)("a %s that names a field twice is not read as one of the two", async (kind, text, words) => {
    const file = place(`twice-${kind}.json`);
    const [, name] = /^\{\s*("[^"]+")/.exec(text)!;
    await writeFile(file, `${text.slice(0, text.lastIndexOf("}"))},\n${name}: 1 }`);
    const { code, stderr } = await bantam(words(file));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(`, column 1, ${name} for the second time`);
  });

  test.each(kinds)("a %s in UTF-16, or no text at all, is called that", async (kind, text, words) => {
    const file = place(`utf16-${kind}.json`);
    for (const mark of ["\ufeff", ""]) {
      await writeFile(file, Buffer.from(mark + text, "utf16le"));
      expect((await bantam(words(file))).stderr).toContain(
        "expected text in UTF-8, received text in UTF-16\n  hint: save",
      );
    }
    await writeFile(file, Buffer.from([0x7b, 0xe4, 0x7d]));
    expect((await bantam(words(file))).stderr).toContain("expected text in UTF-8, received bytes that are none");
  });

  test("an endless one is not read to its end", async () => {
    await writeFile(place("large.json"), Buffer.alloc(65 * 1024 * 1024, " "));
    expect((await bantam(["profile", place("large.json")])).stderr).toContain("expected a text file of at most 64 MiB");
  });
});

describe("what the system says is said in words", () => {
  test.each([
    ["a folder", () => ["profile", place("folder.json")], "a folder", "EISDIR"],
    ["nothing there", () => ["profile", place("none.json")], "a path that does not exist", "ENOENT"],
    [
      "a way through a file",
      () => ["profile", place("photos", "cross", "0.png", "a.json")],
      "through a file",
      "ENOTDIR",
    ],
    ["a name too long", () => ["profile", place(`${"n".repeat(300)}.json`)], "a name too long", "ENAMETOOLONG"],
    ["an output that is a folder", () => ["compare", "--out", place("folder.csv")], "a folder", "EISDIR"],
  ])("%s", async (_, words, received, errno) => {
    for (const name of ["folder.json", "folder.csv"]) await mkdir(place(name), { recursive: true });
    const { code, stderr } = await bantam(words());
    expect(code).toBe(1);
    expect(stderr).toContain(received);
    expect(stderr).not.toContain(errno);
    // Programs and those who look for a fault have it.
    expect(JSON.parse((await bantam([...words(), "--json"])).stdout).error.errno).toBe(errno);
    expect((await bantam(words(), { BANTAM_DEBUG: "1" })).stderr).toContain(`errno: ${errno}`);
  });
});

describe("a model in the wrong form", () => {
  test("an ONNX file is one already", async () => {
    await writeFile(place("model.onnx"), "\b\b");
    for (const words of [
      ["export", place("model.onnx"), "--out", place("b.onnx")],
      ["profile", place("model.onnx")],
    ]) {
      const { code, stderr } = await bantam(words);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /expected a model\.safetensors, received an ONNX file already\n {2}hint: .*model\.safetensors/,
      );
    }
  });

  test.each([
    ["a picture", () => place("photos", "cross", "0.png")],
    ["a text", () => place("text")],
    ["an ONNX file", () => place("model.onnx")],
  ])("%s called .safetensors has no header of so many bytes", async (_, source) => {
    await writeFile(place("text"), recipe.repeat(3));
    await writeFile(place("model.onnx"), "\b\b\x12\x06bantam\x1a\x00");
    await copyFile(source(), place("other.safetensors"));
    const { code, stderr } = await bantam(["export", place("other.safetensors"), "--out", place("b.onnx")]);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/\d{10}/);
    expect(stderr).toMatch(/expected a safetensors file.*received a file that begins otherwise/);
  });
});

test.each(["resnet50", "vgg16", "vit_b_16", "efficientnetv2-s", "mobilenet-v4"])("%s is not misspelt", async (word) => {
  const { code, stderr } = await bantam(["profile", word]);
  expect(code).toBe(2);
  expect(stderr).toContain("hint: Bantam is made for small ones");
  expect(stderr).not.toContain("did you mean");
});

test("images that have moved are gone on with from where they are, and a place that is empty is named", async () => {
  await makePhotos(place("before"), 6);
  const words = ["--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--epochs", "1", "--out", place("run")];
  expect((await bantam(["train", place("before"), ...words])).code).toBe(0);
  await rename(place("before"), place("after"));
  const lost = await bantam(["train", "--resume", place("run")]);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain(
    `${place("run")}: expected the images of this training in ${place("before")}, received nothing there\n  hint: if they have moved, name their place: bantam train FOLDER --resume ${place("run")}\n`,
  );
  expect((await bantam(["train", place("after"), "--resume", place("run")])).code).toBe(0);
  // Other images in the place of those are another training.
  await rm(place("after", "cross", "0.png"));
  const other = await bantam(["train", place("after"), "--resume", place("run")]);
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/received images others there/);
}, 60_000);

test.each([
  ["a home that is not there", { HOME: "/proc/nobody" }],
  ["a cache that is a device", { BANTAM_CACHE: "/dev/null/cache" }],
  ["a cache of the desktop that cannot be made", { XDG_CACHE_HOME: "/proc/nowhere" }],
])("%s: the message names --cache", async (_, env) => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const words = training(["--quiet"]);
  const { BANTAM_CACHE: _cache, XDG_CACHE_HOME: _shared, ...rest } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [main, ...words], {
    env: { ...rest, ...env },
    encoding: "utf8",
  });
  expect(status).toBe(1);
  // One clear sentence, and no runtime's warning beside it.
  expect(stderr).toMatch(
    /^error: \/.*: expected a folder that can be written, received .*\n {2}hint: .*--cache FOLDER.*\n$/,
  );
});
