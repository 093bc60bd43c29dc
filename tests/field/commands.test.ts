/** Commands as people meet them: several things of which one is broken, few words, names, trials that go on. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { main } from "../../src/cli/index.js";
import { createFakeIo } from "../../src/cli/testing/fake-io.js";
import { makePhotos, photosWarning } from "../photos.js";
import { createPlace } from "../place.js";

const { place, bantam } = createPlace();

const model = () => place("model", "model.onnx");
const circle = () => place("photos", "circle", "0.png");
const cross = () => place("photos", "cross", "0.png");

beforeAll(async () => {
  await makePhotos(place("photos"), 8);
  const words = ["train", place("photos"), "--network", "mobilenet-v3-small-0.25@16", "--device", "cpu"];
  const { code, stderr } = await bantam(...words, "--epochs", "1", "--out", place("model"));
  expect(code, stderr).toBe(0);
  await writeFile(place("note.txt"), "no picture");
  await writeFile(place("cut.png"), (await readFile(circle())).subarray(0, 200));
}, 120_000);

describe("of several things, the good ones have their results", () => {
  test("predict: pictures among what is none", async () => {
    const files = [circle(), place("note.txt"), place("cut.png"), place("none.png"), cross()];
    const { code, stdout, stderr } = await bantam("predict", model(), ...files);
    expect(code).toBe(1);
    expect(stdout.trimEnd().split("\n")).toEqual([expect.stringContaining("0.png"), expect.stringContaining("0.png")]);
    const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
    expect(errors.map((line) => line.split(": ")[1])).toEqual([place("note.txt"), place("cut.png"), place("none.png")]);
    expect(stderr).toMatch(/failed: 3 of what was asked for, named above\n$/);

    const document = JSON.parse((await bantam("predict", model(), ...files, "--json")).stdout);
    expect(document.predictions.map(({ file }: { file: string }) => file)).toEqual([circle(), cross()]);
    expect(document.errors).toMatchObject([
      { item: place("note.txt"), code: "data", at: place("note.txt") },
      { item: place("cut.png"), code: "data" },
      { item: place("none.png"), code: "data" },
    ]);
  });

  test("predict: where none is a picture, there is no result", async () => {
    const words = ["predict", model(), place("note.txt"), place("none.png"), "--json"];
    const { code, stdout, stderr } = await bantam(...words);
    expect(code).toBe(1);
    const { error } = JSON.parse(stdout);
    expect([error, ...error.also].map(({ at }) => at)).toEqual([place("note.txt"), place("none.png")]);
    expect(stderr.match(/^error: /gm)).toHaveLength(2);
  });

  test("compare: networks among words that are none", async () => {
    const { code, stdout, stderr } = await bantam("compare", "mobilenet-v1", "nosuch", "mobilenet-v2", "--json");
    expect(code).toBe(1);
    const { networks, errors } = JSON.parse(stdout);
    expect(networks.map(({ network }: { network: string }) => network)).toEqual(["mobilenet-v1", "mobilenet-v2"]);
    expect(errors).toMatchObject([{ item: "nosuch", code: "usage" }]);
    expect(stderr).toContain('"nosuch"');
    // A command line that means nothing at all is wrong usage.
    expect(await bantam("compare", "nosuch", "nothing")).toMatchObject({ code: 2, stdout: "" });
  });

  test("bench: a network among files that are damaged or missing", async () => {
    await writeFile(place("half.json"), '{ "name": "half"');
    const own = ["mobilenet-v1-0.25@32", place("half.json"), place("none.safetensors"), "mobilenet-v9"];
    const quick = ["--device", "wasm", "--threads", "1", "--seconds", "0.05", "--json"];
    const { code, stdout } = await bantam("bench", ...own, ...quick);
    expect(code).toBe(1);
    const { rows, errors } = JSON.parse(stdout);
    expect(rows).toMatchObject([{ network: "mobilenet-v1-0.25@32", provider: "wasm" }]);
    expect(errors.map(({ item }: { item: string }) => item)).toEqual(own.slice(1));
  });
});

describe("few words, and none too few", () => {
  test("--quiet prints a line: the file that was written, and what it is worth", async () => {
    const to = (name: string) => ["--out", place(name), "--quiet"];
    const exported = await bantam("export", place("model", "model.safetensors"), ...to("again.onnx"));
    expect(exported).toMatchObject({ code: 0, stderr: "" });
    expect(exported.stdout).toMatch(/^.*again\.onnx: [\d.]+ [kM]B\n$/);
    const words = ["--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--epochs", "1"];
    const trained = await bantam("train", place("photos"), ...words, ...to("quiet"));
    expect(trained).toMatchObject({ code: 0, stderr: photosWarning });
    expect(trained.stdout).toMatch(
      /^.*quiet\/model\.onnx: [\d.]+ % to [\d.]+ %, the 95 % interval of [\d.]+ % of \d+ held-out images, [\d.]+ k params, [\d.]+ [kM] MACs\n$/,
    );
  });

  test("bantam alone prints the help", async () => {
    const alone = await bantam();
    expect(alone).toMatchObject({ code: 0, stderr: "" });
    expect(alone).toEqual(await bantam("--help"));
    expect(alone).toEqual(await bantam("--no-color"));
    expect(JSON.parse((await bantam("--json")).stdout)).toEqual({ help: alone.stdout });
  });

  test.each([
    [[], 3],
    [["--top", "1"], 1],
    [["--top", "2"], 2],
    [["--top", "12"], 3],
  ])("predict %j gives as many classes as there are of those asked for", async (top, count) => {
    const words = ["predict", model(), circle(), ...top];
    const { stdout } = await bantam(...words);
    expect(stdout.match(/(circle|cross|stripes) +[\d.]+ %/g)).toHaveLength(count);
    expect(stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse((await bantam(...words, "--json")).stdout).predictions[0].top).toHaveLength(count);
  });
});

describe("names", () => {
  const long = (end: string) =>
    place("photos", "circle", `${"a picture with a name that is long ".repeat(4)}${end}.png`);

  test("are whole where no terminal is", async () => {
    const files = ["one", "two"].map(long);
    for (const file of files) await copyFile(circle(), file);
    const { stdout } = await bantam("predict", model(), ...files);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => files.findIndex((file) => line.startsWith(`${file}  `)))).toEqual([0, 1]);
    for (const words of [
      ["profile", "efficientnet-b7"],
      ["profile", "mobilenet-v2", "--memory"],
    ])
      expect((await bantam(...words)).stdout).not.toMatch(/…|\w\.\.\w/);
  });

  test("in a terminal stay different, each with an ellipsis", async () => {
    const io = createFakeIo({ NO_COLOR: "1" });
    io.stdout.isTTY = true;
    io.stdout.columns = 60;
    // These differ in their middles alone, where names are cut.
    const middle = (digit: string) => place(`${"x".repeat(60)}${digit}${"x".repeat(60)}.png`);
    for (const digit of ["1", "2"]) await copyFile(circle(), middle(digit));
    expect(await main(["predict", model(), middle("1"), middle("2"), "--top", "1"], commands, io)).toBe(0);
    const shown = io.stdout.text.trimEnd().split("\n");
    expect(new Set(shown).size).toBe(2);
    for (const line of shown) expect(line).toContain("…");
  });
});
