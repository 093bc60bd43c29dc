/** `bantam check`: what is planted is found, what it writes is left out by the others, and nothing is changed. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/base/index.js";
import { openDataset } from "../../src/data/index.js";
import { bantam, fill, quick, temporaryFolder, write } from "./data-fixtures.js";

/** Patches of colour, each picture its own, sharp at their edges. */
function patches(hue: number, i: number) {
  const rng = createRng(1000 * hue + i);
  const pixels = Buffer.from(Array.from({ length: 8 * 8 * 3 }, () => rng.integer(256)));
  return sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } }).resize(64, 64, { kernel: "nearest" });
}

let root: string;
let cache: string;
const check = async (...more: string[]) => {
  const { code, stdout, stderr } = await bantam(["check", root, "--json", ...more], cache);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as {
    count: number;
    findings: { kind: string; pictures: { source: string }[]; leaveOut: string[]; detail: string }[];
  };
};

beforeAll(async () => {
  root = join(await temporaryFolder(), "photos");
  cache = await temporaryFolder();
  for (const [hue, label] of ["cat", "dog"].entries()) {
    await fill(join(root, "train", label), 24, hue, patches);
    await fill(join(root, "test", label), 8, hue, patches, 50);
  }
  const from = join(root, "train/cat/0.png");
  const light = (a: number, b: number) => sharp(from).linear(a, b).png().toBuffer();
  await cp(from, join(root, "train/cat/again.png"));
  await write(
    join(root, "train/dog/other.jpg"),
    await sharp(join(root, "train/cat/1.png")).jpeg({ quality: 70 }).toBuffer(),
  );
  await write(
    join(root, "test/cat/known.webp"),
    await sharp(join(root, "train/cat/2.png")).webp({ quality: 70 }).toBuffer(),
  );
  await write(join(root, "train/dog/cut.png"), (await readFile(from)).subarray(0, 60));
  const plain = { create: { width: 64, height: 64, channels: 3, background: "#c33" } } as const;
  await write(join(root, "train/dog/plain.png"), await sharp(plain).png().toBuffer());
  await write(join(root, "train/dog/dark.png"), await light(0.1, 0));
  await write(join(root, "train/dog/bright.png"), await light(0.1, 229));
  await write(join(root, "train/cat/soft.png"), await sharp(join(root, "train/cat/3.png")).blur(8).png().toBuffer());
  await write(
    join(root, "train/cat/grey.png"),
    await sharp(join(root, "train/cat/4.png")).greyscale().png().toBuffer(),
  );
});

test("each fault is found as what it is, and nothing else", async () => {
  const { findings, count } = await check();
  expect(count).toBe(2 * 32 + 8);
  expect(findings.map(({ kind, pictures }) => [kind, ...pictures.map(({ source }) => source)])).toEqual([
    ["broken", "train/dog/cut.png"],
    ["conflict", "train/cat/1.png", "train/dog/other.jpg"],
    ["leak", "test/cat/known.webp", "train/cat/2.png"],
    ["copy", "train/cat/0.png", "train/cat/again.png"],
    ["plain", "train/dog/plain.png"],
    ["dark", "train/dog/dark.png"],
    ["bright", "train/dog/bright.png"],
    ["blurred", "train/cat/soft.png"],
    ["grey", "train/cat/grey.png"],
  ]);
});

describe("the list that it writes", () => {
  test("is left out by the others, which say so, and can be edited", async () => {
    const list = join(await temporaryFolder(), "exclude.txt");
    const before = await check();
    await check("--write", list);
    const text = await readFile(list, "utf8");
    expect(text).toContain(
      "# the same picture in two parts: what is measured on it was learned, the same look, saved anew: test/cat",
    );
    const listed = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(listed.sort()).toEqual(before.findings.flatMap(({ leaveOut }) => leaveOut).sort());
    expect(listed).not.toContain("test/cat/known.webp");

    const clean = await check("--exclude", list);
    expect(clean.findings.map(({ kind }) => kind)).toEqual(["grey"]);
    const edited = `${text.replace("train/dog/dark.png\n", "")}\n  \n# more\r\n`;
    await writeFile(list, edited);
    expect((await check("--exclude", list)).findings.map(({ kind }) => kind)).toEqual(["dark", "grey"]);

    const out = await temporaryFolder();
    const words = ["train", root, ...quick, "--exclude", list, "--out", out];
    const { code, stderr } = await bantam(words, cache);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).not.toContain("in two classes");
    expect(stderr).toContain(`8 pictures are left out, as ${list} says`);
    // Without the list it is another training.
    const other = await bantam(["train", root, ...quick, "--out", out], cache);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(
      "1 picture stands in two classes, so that one label is wrong: train/cat/1.png is train/dog/other.jpg; `bantam check` shows them all",
    );
  }, 60_000);

  test("makes another dataset, whose order of lines does not count", async () => {
    const folder = await temporaryFolder();
    const fingerprint = async (lines: readonly string[]) => {
      const exclude = join(folder, "list.txt");
      await writeFile(exclude, lines.join("\n"));
      return (await openDataset(root, { seed: 0, cacheDir: cache, exclude })).fingerprint;
    };
    const [a, b] = ["train/cat/5.png", "train/dog/6.png"];
    expect(await fingerprint([a, b])).toBe(await fingerprint([b, "# why", a]));
    expect(await fingerprint([a])).not.toBe(await fingerprint([a, b]));
  });

  test.each([
    ["nowhere.txt", null, 1, "nowhere.txt"],
    ["strangers.txt", "train/cat/none.png\ntrain/cat/5.png", 1, "received train/cat/none.png, which are not there"],
  ])("%s: a clear message", async (name, text, code, message) => {
    const list = join(await temporaryFolder(), name);
    if (text !== null) await writeFile(list, text);
    const run = await bantam(["check", root, "--exclude", list], cache);
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(message);
  });
});

test("classes of one picture are looked at, too, and a person reads a table", async () => {
  const small = join(await temporaryFolder(), "small");
  await fill(join(small, "a"), 1, 0, patches);
  await fill(join(small, "b"), 30, 1, patches);
  const { code, stdout } = await bantam(["check", small], cache);
  expect(code).toBe(0);
  expect(stdout).toContain("small · 2 classes, 31 pictures\n\nnothing found\n\nfew different pictures: a 1;");
  expect(stdout).toContain("classes are of unequal size, 1 to 30");
  expect(stdout).toContain("0 of 31 pictures are named; nothing was changed");
});
