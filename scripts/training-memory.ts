/**
 * What trainings take, beside what their plan says: a thousand steps each, with an evaluation every hundred, in a process of its own.
 *
 *     npx jiti scripts/training-memory.ts [--steps N] > results/training-memory.csv
 *
 * `planned`, `step_10` … `most`: bytes beside what the process held before. `most` is of all steps from the tenth on.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createRng } from "../src/base/index.js";
import type { ImageSet } from "../src/data/index.js";
import { buildArchitecture, parseNetwork } from "../src/networks/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { createTraining, planTrainingMemory, recipeNamed } from "../src/training/index.js";

type Case = {
  readonly network: string;
  readonly batch: number;
  readonly recipe: string;
  readonly parts: number;
  readonly steps: number;
};

const cases: readonly Omit<Case, "steps">[] = [
  { network: "mobilenet-v1-0.25@96", batch: 32, recipe: "quick", parts: 1 },
  { network: "mobilenet-v2-0.35@32", batch: 128, recipe: "quick", parts: 1 },
  { network: "mobilenet-v2-0.35@32", batch: 128, recipe: "quick", parts: 4 },
  { network: "mobilenet-v2@96", batch: 16, recipe: "quick", parts: 1 },
  { network: "mobilenet-v3-small@96", batch: 32, recipe: "mobilenet-v3", parts: 1 },
  { network: "efficientnet-b0@64", batch: 16, recipe: "efficientnet", parts: 1 },
];
const EPOCH = 100;
const marks = [10, 100, 1000] as const;

const [mode, text] = process.argv.slice(2);
if (mode === "--one") console.log(JSON.stringify(await measure(JSON.parse(text!) as Case)));
else {
  const steps = mode === "--steps" ? Number(text) : 1000;
  const { name } = await chooseEngine("cpu", 1);
  console.log(
    ["network,batch,recipe,parts,engine,planned", ...marks.map((mark) => `step_${mark}`), "most,most_of_plan"].join(),
  );
  for (const each of cases) {
    const jiti = fileURLToPath(new URL("../node_modules/.bin/jiti", import.meta.url));
    const given = ["--one", JSON.stringify({ ...each, steps })];
    const out = execFileSync(jiti, [fileURLToPath(import.meta.url), ...given], { encoding: "utf8" });
    const { planned, at, most } = JSON.parse(out.trim().split("\n").at(-1)!) as Awaited<ReturnType<typeof measure>>;
    const { network, batch, recipe, parts } = each;
    console.log([network, batch, recipe, parts, `"${name}"`, planned, ...at, most, (most / planned).toFixed(3)].join());
  }
}

async function measure({ network, batch, recipe: recipeName, parts, steps }: Case) {
  const { name, ...options } = parseNetwork(network);
  const architecture = buildArchitecture(name, { ...options, classes: 10 });
  const recipe = { ...recipeNamed(recipeName).recipe, batchSize: batch, accumulate: parts };
  const engine = await chooseEngine("cpu", 1);
  const images = noise(architecture.resolution, EPOCH * batch);
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const setup = { engine, architecture, recipe, normalization, rng: createRng(1), workers: 0 };
  const planned = planTrainingMemory(setup).bytes;
  const before = process.memoryUsage().rss;
  const taken = () => process.memoryUsage().rss - before;
  const training = await createTraining(setup);
  const at = marks.map(() => 0);
  let [step, most] = [0, 0];
  const onStep = () => {
    step++;
    if (step >= 10 && step % 5 === 0) most = Math.max(most, taken());
    const mark = marks.indexOf(step as (typeof marks)[number]);
    if (mark !== -1) at[mark] = taken();
  };
  while (step < steps) {
    await training.trainEpoch(images, { epochs: steps / EPOCH, onStep });
    await training.evaluate(images);
    most = Math.max(most, taken());
  }
  await training.dispose();
  return { planned, at, most };
}

/** Pixels from a number, so that the images themselves take no memory. */
function noise(size: number, count: number): ImageSet {
  const read = (index: number, into: Uint8Array, offset: number) => {
    for (let p = 0; p < size * size * 3; p++) into[offset + p] = (index * 31 + p * 7) & 255;
  };
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  return { count, size, channels: 3, sources: [], labels, read, close: () => undefined };
}
