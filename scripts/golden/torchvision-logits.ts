/**
 * Writes networks with random weights, an image each and our logits, for `torchvision-logits.py` to compare with.
 *
 *     npx jiti scripts/golden/torchvision-logits.ts FOLDER && python3 scripts/golden/torchvision-logits.py FOLDER
 *
 * Per network a `.json` (the architecture's name and options, the tensors in graph order, the logits) and a `.bin` (their
 * numbers end to end, float32 little-endian; the image last).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../../src/base/index.js";
import { type Architecture, buildArchitecture, buildNetwork } from "../../src/networks/index.js";
import { randomImage, randomWeights } from "../../src/networks/testing/random-weights.js";
import { lower } from "../../src/onnx/index.js";
import { chooseEngine } from "../../src/runtime/index.js";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: torchvision-logits.ts FOLDER");
await mkdir(folder, { recursive: true });

/** torchvision pads symmetrically, and takes the ε of each family's own weights. `gain`: see `randomWeights`. */
const cases = [
  { name: "mobilenet-v2", width: 1, classes: 1000, resolution: 64, epsilon: 1e-5, gain: 1 },
  { name: "mobilenet-v2", width: 0.35, classes: 10, resolution: 96, epsilon: 1e-5, gain: 1 },
  { name: "mobilenet-v3-small", width: 1, classes: 1000, resolution: 64, epsilon: 1e-3, gain: 1.2 },
  { name: "mobilenet-v3-large", width: 1, classes: 1000, resolution: 64, epsilon: 1e-3, gain: 1 },
  { name: "efficientnet-b0", width: 1, classes: 1000, resolution: 64, epsilon: 1e-5, gain: 1.5 },
  { name: "efficientnet-b1", width: 1, classes: 10, resolution: 64, epsilon: 1e-5, gain: 1.2 },
] as const;

const engine = await chooseEngine("auto", 1);
for (const { name, width, classes, resolution, epsilon, gain } of cases) {
  // At the published resolution, then made smaller: torchvision keeps all five strides.
  const published = buildArchitecture(name, { width, classes });
  const norm = { ...published.norm, epsilon };
  const architecture: Architecture = { ...published, norm, resolution, padding: "symmetric" };
  const { graph } = buildNetwork(architecture, { batch: 2, mode: "inference" });
  const weights = randomWeights(graph, createRng(11), gain);
  const image = randomImage(architecture, 2, createRng(12));

  const session = await engine.load(lower(graph, { name, layout: "image-major", weights }));
  const { logits } = await session.run({ image });
  await session.dispose();

  const tensors = graph.parameters.map(({ value }) => ({ name: value.name, shape: value.shape }));
  const numbers = [...tensors.map((tensor) => weights.get(tensor.name)!), image.data];
  const file = join(folder, `${name}-${width}-${resolution}`);
  const facts = { name, width, classes, epsilon, tensors, image: image.dims, logits: Array.from(logits!.data) };
  await writeFile(`${file}.json`, JSON.stringify(facts));
  await writeFile(`${file}.bin`, Buffer.concat(numbers.map(({ buffer }) => Buffer.from(buffer))));
}
