/**
 * Trains every candidate of the small space once, so that strategies can be replayed on the outcomes.
 *
 *     npx jiti scripts/small-space.ts FASHION-MNIST-FOLDER --seed 0 [--threads 1] [--cache FOLDER]
 *
 * FOLDER holds the official four files. The first 6,000 training images train, the last 5,000 of the 60,000 judge; the test
 * images are not read. Appends to `results/small-space/trials-SEED.csv`; what is in it already is not trained again.
 */
import { appendFile, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRng } from "../src/base/index.js";
import { countArchitecture } from "../src/networks/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { candidateOf, choicesOf, decode, genesOf, type SearchSpace } from "../src/search/space.js";
import { quickRecipe, runTraining } from "../src/training/index.js";
import { smallSpaceImages } from "./small-space-images.js";

const EPOCHS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, threads: { type: "string" }, cache: { type: "string" } },
});
const [folder] = positionals;
if (folder === undefined || values.seed === undefined) throw new Error("usage: small-space.ts FOLDER --seed N");
const seed = Number(values.seed);
const results = new URL("../results/small-space/", import.meta.url);
const space = JSON.parse(await readFile(new URL("space.json", results), "utf8")) as SearchSpace;
const cacheDir = values.cache ?? join(tmpdir(), "small-space");

const { sets, normalization } = await smallSpaceImages(folder, space, cacheDir);
const engine = await chooseEngine("cpu", Number(values.threads ?? 1));

const genes = genesOf(space);
const counts = genes.map(({ options }) => options.length);
const total = counts.reduce((product, count) => product * count, 1);
const file = new URL(`trials-${seed}.csv`, results);
const written = await readFile(file, "utf8").catch(() => "");
const done = new Set(
  written
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0]),
);
if (written === "") await appendFile(file, "choices,params,macs,peak_activation_bytes,epoch_1,epoch_2,epoch_3\n");

// In an order of their own, so that an unfinished file is a fair sample.
const order = createRng(1).shuffle(Array.from({ length: total }, (_, i) => i));
for (const [place, index] of order.entries()) {
  const choices = digits(index, counts);
  const candidate = candidateOf(space, choices);
  const key = choicesOf(space, candidate)
    .filter((_, i) => counts[i]! > 1)
    .join("");
  if (done.has(key)) continue;
  const architecture = decode(space, candidate);
  const { params, macs, peakActivationBytes } = countArchitecture(architecture);
  const { curve } = await runTraining({
    engine,
    architecture,
    recipe: { ...quickRecipe, augmentation: { shift: 0, flip: false, erase: 0 } },
    normalization,
    epochs: EPOCHS,
    rng: createRng(seed).fork(`candidate ${key}`),
    ...sets.get(architecture.resolution)!,
  });
  const accuracies = curve.map(({ validationAccuracy }) => validationAccuracy);
  await appendFile(file, `${[key, params, macs, peakActivationBytes, ...accuracies].join(",")}\n`);
  process.stderr.write(`${place + 1}/${total} ${key} ${accuracies.join(" ")}\n`);
}

/** Of a number in a mixed base, the last digit fastest. */
function digits(number: number, bases: readonly number[]): number[] {
  let rest = number;
  return bases
    .toReversed()
    .map((base) => {
      const digit = rest % base;
      rest = Math.floor(rest / base);
      return digit;
    })
    .toReversed();
}
