/**
 * Writes the networks that `zero-cost.py` scores in PyTorch, with our scores.
 *
 *     npx jiti scripts/golden/zero-cost.ts FOLDER && python3 scripts/golden/zero-cost.py FOLDER
 */
import { join } from "node:path";
import { zeroCostScores } from "../../src/proxies/index.js";
import { referenceBatch, references, referenceTensors, weightRng } from "../../src/proxies/testing/reference.js";
import { chooseEngine } from "../../src/runtime/index.js";
import { outputFolder, writeCase } from "./exchange.js";

const folder = await outputFolder();
const engine = await chooseEngine("cpu", 1);
for (const { name, architecture } of references) {
  const batch = referenceBatch(architecture);
  const tensors = referenceTensors(architecture);
  const scores = await zeroCostScores(architecture, { engine, batch, rng: weightRng() });
  const facts = {
    name,
    architecture,
    tensors: tensors.map(({ name, shape, decay }) => ({ name, shape, decay })),
    labels: batch.labels,
    scores,
  };
  await writeCase(join(folder, name), facts, [...tensors.map(({ values }) => values), batch.images]);
}
