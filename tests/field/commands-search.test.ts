/** From a search to a model: its trials are counted alike everywhere, each can be trained, profiled and measured. */
import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { main } from "../../src/cli/index.js";
import { createFakeIo } from "../../src/cli/testing/fake-io.js";
import { makePhotos } from "../photos.js";
import { createPlace } from "../place.js";

const { place, bantam } = createPlace();

const stage = (channels: number[]) => ({
  channels,
  repeats: [1],
  kernels: [3],
  squeezeExcite: [false],
  expansions: [2],
});
const space = {
  base: "image",
  resolutions: [16],
  widths: [0.25, 0.35],
  activations: ["relu"],
  stemStrides: [2],
  headChannels: [128],
  stages: [{ ...stage([12]), expansions: [1] }, stage([16, 24]), stage([32]), stage([56, 72]), stage([88])],
};
const searching = () => [
  ...["search", place("photos"), "--study", place("studies"), "--space", place("space.json")],
  ...["--trials", "3", "--epochs", "1", "--images", "12", "--device", "cpu"],
];

beforeAll(async () => {
  await makePhotos(place("photos"), 8);
  await writeFile(place("space.json"), JSON.stringify(space));
}, 60_000);

test("a trial of a search becomes a model with the same layers", async () => {
  const { code, stdout, stderr } = await bantam(...searching(), "--json");
  expect(code, stderr).toBe(0);
  const { front, report, next } = JSON.parse(stdout);

  // A page in the study's folder, whole by itself, with every trial of the front and the way to a model.
  expect(report).toBe(place("studies", "report.html"));
  const page = await readFile(report, "utf8");
  expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(page).not.toMatch(/undefined|NaN|https?:\/\/(?!www\.w3\.org)/);
  for (const { id } of front) expect(page).toContain(`<th scope="row" class="n">${id}</th>`);
  expect(page.match(/<g><title>trial \d+/g)!.length).toBeGreaterThanOrEqual(3);
  for (const line of next) expect(page).toContain(line.replaceAll("'", "&#39;"));

  // The same numbers, from 1, in the lines of the search, its result, `study show`, its document and both exports.
  const told = [...stderr.matchAll(/^trial +(\d+) .* ([\d.]+ k) params/gm)].map(([, id, params]) => [
    Number(id),
    params,
  ]);
  expect(told[0]![0]).toBe(1);
  const shown = await bantam("study", "show", place("studies"));
  for (const [id, params] of told) expect(shown.stdout).toMatch(new RegExp(`^ +${id} .* ${params} `, "m"));
  const { trials } = JSON.parse((await bantam("study", "show", place("studies"), "--json")).stdout);
  expect(trials.map(({ id }: { id: number }) => id)).toEqual(trials.map((_: unknown, i: number) => i + 1));
  const exported = JSON.parse((await bantam("study", "export", place("studies"), "--format", "json")).stdout);
  expect(exported.trials).toEqual(trials);
  const csv = (await bantam("study", "export", place("studies"))).stdout.split("\r\n");
  expect(csv[1]).toMatch(/^1,/);
  const { id, costs } = front[0];
  expect(trials[id - 1].costs).toEqual(costs);

  const file = place("one.json");
  expect(next[0]).toMatch(/^bantam study export \S+ photos --trial \d+ --out \S+\.json$/);
  const written = await bantam("study", "export", place("studies"), "--trial", String(id), "--out", file);
  expect(written).toMatchObject({ code: 0, stdout: `${file}\n` });
  const architecture = JSON.parse(await readFile(file, "utf8"));
  expect(architecture).toEqual({ ...trials[id - 1].architecture, name: `photos-trial-${id}` });
  const layersOf = async (network: string) => {
    const { stdout } = await bantam("profile", network, "--json");
    const { layers, params, macs } = JSON.parse(stdout);
    return { layers, params, macs };
  };
  const layers = await layersOf(file);
  expect(layers).toMatchObject({ params: costs.params, macs: costs.macs });
  const quick = ["--epochs", "1", "--device", "cpu", "--out", place("model")];
  const trained = await bantam("train", place("photos"), "--network", file, ...quick);
  expect(trained.code, trained.stderr).toBe(0);
  expect(await layersOf(place("model", "model.safetensors"))).toEqual(layers);
  const bench = ["--device", "cpu", "--threads", "1", "--seconds", "0.05", "--json"];
  expect(JSON.parse((await bantam("bench", file, ...bench)).stdout).rows).toMatchObject([{ macs: costs.macs }]);
}, 120_000);

test.each([
  [["--trial", "99"], 2, /--trial: expected a trial, 1 to \d+, received 99/],
  [["--trial", "0"], 2, /--trial: expected at least 1/],
  [["--trial", "1", "--format", "csv"], 2, /--format: expected no --trial/],
])("study export %j is refused", async (words, code, message) => {
  const refused = await bantam("study", "export", place("studies"), ...words);
  expect(refused).toMatchObject({ code, stdout: "" });
  expect(refused.stderr).toMatch(message);
});

test("a whole study is no network, and the message says how to get one", async () => {
  const all = place("all.json");
  await bantam("study", "export", place("studies"), "--format", "json", "--out", all);
  const { code, stderr } = await bantam("train", place("photos"), "--network", all);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /all\.json: expected one network as JSON, received a study of \d+ trials\n {2}hint: .*--trial N/,
  );
});

test("a search that is stopped says what is kept and how to go on; a finished one where its page is", async () => {
  const io = createFakeIo({ BANTAM_CACHE: place("cache"), BANTAM_THREADS: "1", NO_COLOR: "1" });
  const words = [...searching(), "--name", "stopped", "--seed", "5"];
  const running = main(words, commands, io);
  while (!io.stderr.text.includes("\ntrial ")) await new Promise((resolve) => setTimeout(resolve, 5));
  io.signals.emit("SIGINT", "SIGINT");
  expect(await running).toBe(130);
  expect(io.stderr.text).toMatch(
    /interrupted: .*\n {2}every finished trial is in \S+studies; the same command goes on from there\n$/,
  );
  const { code, stdout, stderr } = await bantam(...words);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/going on after [12] trials/);
  expect(stdout).toMatch(
    /to train one of them to its end:\n {2}bantam study export .*\n {2}bantam train .*\n\nfile:.*report-stopped\.html\n$/,
  );
}, 60_000);
