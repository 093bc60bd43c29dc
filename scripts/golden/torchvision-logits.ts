/**
 * Writes networks with random weights, an image each and our logits, for `torchvision-logits.py` to compare with.
 *
 *     npm run golden:torchvision FOLDER && python3 scripts/golden/torchvision-logits.py FOLDER
 *
 * Per network a `.json` (the architecture's name and options, the tensors in graph order, the logits) and a `.bin` (their
 * numbers end to end, float32 little-endian; the image last).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../../src/base/index.js";
import { type Graph, sizeOf } from "../../src/ir/index.js";
import { type Architecture, buildArchitecture, buildNetwork } from "../../src/networks/index.js";
import { randomImage, randomWeights } from "../../src/networks/testing/random-weights.js";
import { lower } from "../../src/onnx/index.js";
import { createBuilder, type Layout } from "../../src/ops/index.js";
import { chooseEngine, type Tensor } from "../../src/runtime/index.js";

type Weights = Map<string, Float32Array>;

/** torchvision takes the ε of each family's own weights. The cases that are not calibrated are in the tests. */
const cases = [
  { name: "mobilenet-v2", width: 0.35, classes: 10, resolution: 96, epsilon: 1e-5, calibrated: false },
  { name: "mobilenet-v3-small", width: 1, classes: 10, resolution: 64, epsilon: 1e-3, calibrated: false },
  { name: "mobilenet-v2", width: 1, classes: 1000, resolution: 64, epsilon: 1e-5, calibrated: true },
  { name: "mobilenet-v3-small", width: 1, classes: 1000, resolution: 64, epsilon: 1e-3, calibrated: true },
  { name: "mobilenet-v3-large", width: 1, classes: 1000, resolution: 64, epsilon: 1e-3, calibrated: true },
  { name: "efficientnet-b0", width: 1, classes: 1000, resolution: 64, epsilon: 1e-5, calibrated: true },
  { name: "efficientnet-b1", width: 1, classes: 1000, resolution: 64, epsilon: 1e-5, calibrated: true },
] as const;

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: torchvision-logits.ts FOLDER");
await mkdir(folder, { recursive: true });
const engine = await chooseEngine("auto", 1);

for (const { name, width, classes, resolution, epsilon, calibrated } of cases) {
  // Built at the published resolution and then made smaller: torchvision keeps all five strides, and pads symmetrically.
  const published = buildArchitecture(name, { width, classes });
  const norm = { ...published.norm, epsilon };
  const architecture: Architecture = { ...published, norm, resolution, padding: "symmetric" };
  const { graph } = buildNetwork(architecture, { batch: 2, mode: "inference" });
  const weights = randomWeights(graph, createRng(11));
  if (calibrated) await calibrate(architecture, weights);
  const image = randomImage(architecture, 2, createRng(12));
  const { logits } = await run(graph, "image-major", weights, image);

  const tensors = graph.parameters.map(({ value }) => ({ name: value.name, shape: value.shape }));
  const numbers = [...tensors.map((tensor) => weights.get(tensor.name)!), image.data];
  const file = join(folder, `${name}-${width}-${classes}-classes`);
  const facts = { name, width, classes, epsilon, tensors, image: image.dims, logits: Array.from(logits!.data) };
  await writeFile(`${file}.json`, JSON.stringify(facts));
  await writeFile(`${file}.bin`, Buffer.concat(numbers.map(({ buffer }) => Buffer.from(buffer))));
}

/**
 * Makes the running statistics those of a batch, as training would. With random ones, the image fades away on its way through
 * a deep network, or grows until rounding errors drown it.
 */
async function calibrate(architecture: Architecture, weights: Weights): Promise<void> {
  const batch = 16;
  const { graph, statistics } = buildNetwork({ ...architecture, dropout: 0, dropPath: 0 }, { batch, mode: "train" });
  const g = createBuilder(graph);
  for (const { mean, variance, runningMean, runningVariance } of statistics) {
    g.output(mean, runningMean);
    g.output(variance, runningVariance);
  }
  const image = randomImage(architecture, batch, createRng(13));
  const measured = await run(g.build(), "channel-major", weights, swapBatch(image));
  for (const name of weights.keys()) {
    const values = measured[name]?.data;
    if (values instanceof Float32Array) weights.set(name, values.slice());
  }
}

async function run(graph: Graph, layout: Layout, weights: Weights, image: Tensor<Float32Array>) {
  const session = await engine.load(lower(graph, { name: "case", layout, weights }));
  const results = await session.run({ image });
  await session.dispose();
  return results;
}

/** `[N, C, H, W]` to `[C, N, H, W]`. */
function swapBatch({ data, dims }: Tensor<Float32Array>): Tensor<Float32Array> {
  const [n, c, h, w] = dims as [number, number, number, number];
  const swapped = new Float32Array(sizeOf(dims));
  for (let i = 0; i < n * c; i++) {
    const [image, channel] = [Math.floor(i / c), i % c];
    swapped.set(data.subarray(i * h * w, (i + 1) * h * w), (channel * n + image) * h * w);
  }
  return { data: swapped, dims: [c, n, h, w] };
}
