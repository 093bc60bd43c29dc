import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createRng, EngineError } from "../../base/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine, type Device, type Engine } from "../../runtime/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../../training/testing/halves.js";
import { noProgress } from "../shared/progress.js";
import { chooseDevice } from "./device.js";

const real = await chooseEngine("auto", 1);
const setup = {
  architecture: halvesNetwork,
  recipe: halvesRecipe,
  normalization: halvesNormalization,
  rng: createRng(1),
};

const able = (device: Device): Engine => ({ ...real, device });
const refusing = (device: Device): Engine => ({
  ...real,
  device,
  loadKeeping: () => Promise.reject(new EngineError({ at: device, expected: "a graph", received: "another" })),
});

let file: string;
beforeEach(async () => {
  file = join(await temporaryFolder(), "device.json");
});

async function choose(engines: Engine | readonly Engine[], run = "a") {
  const lines: string[] = [];
  const progress = { ...noProgress, line: (text: string) => void lines.push(text) };
  const { device } = await chooseDevice(engines, setup, halves(16, 1), { file, run }, progress);
  return { device, lines };
}

test("the one that trains is chosen, and the line has a figure for each", async () => {
  const { device, lines } = await choose([refusing("cpu"), able("webgpu"), refusing("wasm")]);
  expect(device).toBe("webgpu");
  expect(lines).toEqual([
    expect.stringMatching(
      /^device webgpu: cpu cannot train this network, webgpu \d+(\.\d+)? ms a step, wasm cannot train this network$/,
    ),
  ]);
});

test("a training that goes on stays on its device, unmeasured", async () => {
  await choose([refusing("cpu"), able("webgpu")]);
  expect(await choose([able("cpu"), refusing("webgpu")])).toEqual({ device: "webgpu", lines: [] });
});

test("another training is measured anew; a choice that cannot be read is named, as another device would round otherwise", async () => {
  await choose([refusing("cpu"), able("webgpu")]);
  expect(await choose([able("cpu"), refusing("webgpu")], "b")).toMatchObject({ device: "cpu" });
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ run: "b", device: "cpu" });
  await writeFile(file, "no JSON");
  await expect(choose([refusing("cpu"), able("wasm")], "b")).rejects.toThrow(
    `${file}: expected the device of a training, received something that is no JSON\n  hint: remove it`,
  );
});

test("without the device it began on, a training says so", async () => {
  await choose([refusing("cpu"), able("webgpu")]);
  await expect(choose([able("cpu"), able("wasm")])).rejects.toThrow(
    `${file}: expected webgpu, on which this training began, received only cpu, wasm\n  hint: --device names another: the training goes on there, rounded differently`,
  );
});

test("one that is insisted on is neither measured nor written down", async () => {
  await choose([refusing("cpu"), able("webgpu")]);
  expect(await choose(refusing("wasm"))).toEqual({ device: "wasm", lines: [] });
  expect(JSON.parse(await readFile(file, "utf8")).device).toBe("webgpu");
});
