/** Networks out of small files that ask for more than any machine has: a clear error, before anything is built. */
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createRng } from "../../src/base/index.js";
import { buildNetwork, initializeParameters, parseArchitecture } from "../../src/networks/index.js";
import { createPlace } from "../place.js";

const { place, bantam } = createPlace();

const stage = {
  block: "invertedResidual",
  kernel: 3,
  stride: 1,
  channels: 16,
  repeats: 1,
  expansion: 2,
  squeezeExcite: null,
  activation: "relu",
  residual: true,
};
const network = (stages: readonly object[], others: object = {}) => ({
  name: "x",
  classes: 10,
  channels: 3,
  resolution: 16,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.9 },
  stem: { channels: 16, kernel: 3, stride: 1, activation: "relu" },
  stages,
  head: { conv: null, hidden: null, activation: "relu" },
  dropout: 0,
  dropPath: 0,
  ...others,
});

test.each([
  [
    "256 stages of 256",
    network(new Array(256).fill({ ...stage, repeats: 256 })),
    /stages: expected at most 512 blocks in all, received 65536/,
  ],
  ["513 blocks", network([...new Array(2).fill({ ...stage, repeats: 256 }), stage]), /received 513/],
  ["a kernel of 255", network([{ ...stage, kernel: 255 }]), /stages\.0\.kernel: /],
  ["an expansion of 1000", network([{ ...stage, expansion: 1000 }]), /stages\.0\.expansion: /],
  ["8192 px", network([stage], { resolution: 8192 }), /resolution: /],
] as const)("%s", async (_, json, message) => {
  const file = place("network.json");
  await writeFile(file, JSON.stringify(json));
  for (const words of [
    ["profile", file],
    ["bench", file, "--device", "cpu"],
  ]) {
    const { code, stderr } = await bantam(...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/internal/);
  }
  expect(await readFile(file, "utf8")).not.toBe("");
});

test.each([
  ["wide blocks", network([{ ...stage, channels: 65_536, repeats: 2, expansion: 64 }]), /stages\.0\.\d\.[a-z.]*weight/],
  [
    "a classifier",
    network([stage], { classes: 1_000_000, head: { conv: 65_536, hidden: 65_536, activation: "relu" } }),
    /classifier/,
  ],
] as const)("the weights of %s are refused before they are allocated", (_, json, tensor) => {
  const { graph } = buildNetwork(parseArchitecture(json, "x"), { batch: 1, mode: "inference" });
  const make = () => initializeParameters(graph, createRng(0));
  expect(make).toThrow(/at most 500000000 weights, 2 GB/);
  expect(make).toThrow(tensor);
});
