/** How pictures become squares is a part of the job: in its folder, in what goes on from there, and in the model. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../src/shipping/index.js";
import { makePhotos } from "./photos.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

beforeAll(() => makePhotos(place("photos"), 8));

const resizeOf = async (...names: string[]) => (await loadModel(place(...names, "model.safetensors"))).preprocessing;
const settingsIn = async (name: string) => JSON.parse(await readFile(place(name, "run.json"), "utf8"));
const network = ["--network", "mobilenet-v3-small-0.35@32", "--epochs", "1", "--device", "cpu"];
const trained = (out: string, ...words: string[]) =>
  bantam("train", place("photos"), ...network, "--out", place(out), ...words);
const fitted = (...words: string[]) =>
  bantam("fit", place("photos"), "--trials", "1", "--epochs", "1", "--out", place("fit"), ...words);
const searched = (...words: string[]) =>
  bantam("search", place("photos"), "--trials", "2", "--epochs", "1", "--study", place("study"), ...words);
const studied = (...words: string[]) =>
  bantam(
    "scaling-study",
    place("photos"),
    "--study",
    place("scaling"),
    "--epochs",
    "1",
    "--seeds",
    "1",
    "--depths",
    "none",
    "--widths",
    "none",
    "--resolutions",
    "none",
    "--settings",
    "none",
    "--phis",
    "0",
    ...words,
  );

describe("train", () => {
  test("keeps the shape that it was given, and goes on with no other", async () => {
    expect(await trained("padded", "--shape", "pad")).toMatchObject({ code: 0 });
    expect(await resizeOf("padded")).toMatchObject({ size: 32, resize: "pad" });
    expect(await settingsIn("padded")).toMatchObject({ settings: { shape: "pad" }, facts: { shape: "pad" } });
    const { code, stderr } = await trained("padded");
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--shape.*"crop".*"pad"|--shape.*"pad".*"crop"/),
    });
    const beside = await bantam("train", "--resume", place("padded"), "--shape", "pad");
    expect(beside).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--shape: expected no option of the training"),
    });
    expect(await bantam("train", "--resume", place("padded"))).toMatchObject({ code: 0 });
    expect(await resizeOf("padded")).toMatchObject({ resize: "pad" });
  });

  test("of a pretrained network keeps its shape, or takes the one that is given", async () => {
    const from = (out: string, ...words: string[]) =>
      bantam(
        "train",
        place("photos"),
        "--from",
        place("padded", "model.safetensors"),
        "--unfreeze",
        "classifier:1",
        "--out",
        place(out),
        ...words,
      );
    expect(await from("same")).toMatchObject({ code: 0 });
    expect(await resizeOf("same")).toMatchObject({ resize: "pad" });
    expect(await from("squeezed", "--shape", "squeeze")).toMatchObject({ code: 0 });
    expect(await resizeOf("squeezed")).toMatchObject({ resize: "stretch" });
    const other = await from("squeezed");
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("--shape") });
    expect(other.stderr).not.toContain("geometry");
  });
});

const jobs = { fit: fitted, search: searched, "scaling-study": studied };

test.each(Object.entries(jobs))("%s goes on with the shape that it began with alone", async (_, job) => {
  expect(await job("--shape", "squeeze")).toMatchObject({ code: 0 });
  expect(await job("--shape", "squeeze")).toMatchObject({ code: 0 });
  expect(await job()).toMatchObject({ code: 2, stderr: expect.stringMatching(/shape/) });
});

test("search names the training with its shape", async () => {
  expect((await searched("--shape", "squeeze")).stdout).toMatch(/bantam train .* --shape squeeze/);
});

test("fit ships the shape that it was given, and its command has it", async () => {
  expect(await resizeOf("fit")).toMatchObject({ resize: "stretch" });
  expect(await readFile(place("fit", "report.html"), "utf8")).toContain("--shape squeeze");
});
