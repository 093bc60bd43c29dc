import { createRng, type Rng } from "../../base/index.js";
import type { ClassScore, FitReport, FitScaling, FitSearch, Mistake, StageRow, TrialPoint } from "../fit-report.js";
import type { SearchReport } from "../search-report.js";
import { greyPng } from "./png.js";

const fashion = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

/** Names that try to leave their place: markup, quotes, right-to-left text with an override, no spaces for 200 characters. */
export const hostile = [
  `<script>alert("1")</script>`,
  `"onload='x'&amp;`,
  "שלום \u202Eevil",
  "w".repeat(200),
  "日本語のクラス",
  "--><svg onload=alert(1)>",
] as const;

type SearchedReport = FitReport & { readonly search: FitSearch; readonly scaling: FitScaling };

/**
 * An invented fit whose numbers hang together: the matrix gives the accuracy and the class scores, the stages the costs.
 * @param labels class names; any number from 1.
 */
export function sampleReport(labels: readonly string[] = fashion, seed = 7): SearchedReport {
  const rng = createRng(`report ${seed}`);
  const confusion = sampleConfusion(labels.length, rng.fork("confusion"));
  const column = (i: number) => confusion.reduce((sum, row) => sum + row[i]!, 0);
  const rowSum = (i: number) => confusion[i]!.reduce((a, b) => a + b, 0);
  const test = confusion.reduce((sum, _, i) => sum + rowSum(i), 0);
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  const stages = sampleStages(labels.length);
  const params = stages.reduce((sum, stage) => sum + stage.params, 0);
  const macs = stages.reduce((sum, stage) => sum + stage.macs, 0);
  return {
    title: "fashion",
    command:
      "bantam fit data/fashion --max-macs 5M --max-params 200k --max-memory 256kB --time 10m --seed 7 --out runs/fashion",
    createdAt: "2026-01-15T09:30:00.000Z",
    version: "0.1.0",
    seed,
    seconds: 598,
    threads: 2,
    engine: "onnxruntime-node",
    data: {
      name: "fashion",
      classes: labels,
      train: 7000,
      validation: 1000,
      test,
      side: 28,
      shape: "crop",
      channels: 1,
      perClass: labels.map((label) => ({
        label,
        train: 7000 / labels.length,
        validation: 1000 / labels.length,
        test: test / labels.length,
      })),
      ignored: {},
      notes: [],
      looks: { count: 8000 + test, grey: 8000 + test, elongated: 0 },
      skipped: [
        { source: "Coat/0017.png", reason: "not an image: unexpected end of file" },
        { source: "Bag/.DS_Store", reason: "not an image" },
      ],
    },
    budget: { params: 200_000, macs: 5_000_000, peakActivationBytes: 256_000 },
    latency: null,
    costs: { params, macs, weightBytes: 4 * params, peakActivationBytes: 225_792 },
    accuracy: test > 0 ? right / test : 0,
    search: { ...sampleTrials(rng.fork("trials")), epochs: 3, rejectedByCost: 212 },
    scaling: {
      phi: 1.35,
      depth: 1.28,
      width: 1.14,
      resolution: 1.21,
      baseline: { params: 118_400, macs: 1_912_000, weightBytes: 473_600, peakActivationBytes: 150_528 },
    },
    stoppedBy: "macs",
    network: { resolution: 32, channels: 1, stages },
    course: [],
    curve: Array.from({ length: 24 }, (_, i) => {
      const done = (i + 1) / 24;
      const noise = 0.012 * rng.normal() * (1 - done);
      return {
        epoch: i + 1,
        learningRate: 0.1 * (1 + Math.cos(Math.PI * (done - 1 / 24))) * 0.5,
        trainLoss: 0.24 + 1.3 * Math.exp(-5 * done) + noise,
        trainAccuracy: 0.925 - 0.42 * Math.exp(-5 * done) - noise,
        validationLoss: 0.29 + 1.0 * Math.exp(-5.5 * done) + 2 * noise,
        validationAccuracy: 0.905 - 0.36 * Math.exp(-5 * done) - 2 * noise,
        imagesPerSecond: 1450 + 20 * rng.normal(),
      };
    }),
    confusion,
    perClass: labels.map(
      (label, i): ClassScore => ({
        label,
        count: rowSum(i),
        precision: column(i) > 0 ? confusion[i]![i]! / column(i) : null,
        recall: rowSum(i) > 0 ? confusion[i]![i]! / rowSum(i) : null,
      }),
    ),
    mistakes: Array.from({ length: labels.length > 1 ? 12 : 0 }, (_, i) => sampleMistake(labels, i, rng.fork(i))),
  };
}

function sampleConfusion(classes: number, rng: Rng): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const images = Math.max(4, Math.round(2000 / classes));
  for (const [truth, row] of matrix.entries())
    for (let i = 0; i < images; i++) {
      const easy = rng.uniform() < 0.82 + 0.17 * Math.sin(truth * 2.3) ** 2;
      // Mistakes go to a neighbour more often than to just any class.
      const other = rng.uniform() < 0.7 ? truth + 1 + rng.integer(2) : rng.integer(classes);
      row[easy ? truth : other % classes]!++;
    }
  return matrix;
}

function sampleTrials(rng: Rng): Pick<FitSearch, "trials" | "evolutionMacs" | "randomMacs" | "chosen"> {
  const trial = (id: number, strategy: TrialPoint["strategy"], parent: number | null, skill: number): TrialPoint => {
    const macs = Math.round(10 ** (5.4 + 1.05 * rng.uniform()));
    const blocks = 2 + rng.integer(3);
    return {
      id,
      strategy,
      parent,
      params: Math.round(4000 + macs ** 0.72 * (0.7 + 0.6 * rng.uniform())),
      macs,
      accuracy: Math.round(1000 * (0.52 + 0.05 * Math.log(macs / 1e4) + skill - 0.05 * Math.abs(rng.normal()))) / 1000,
      seconds: 2 + macs / 4e5,
      summary: `${rng.choice([20, 24, 28])} px · stem ${rng.choice([8, 16])} · ${blocks}×(mb${rng.choice([3, 4, 6])} k${rng.choice([3, 5])} c${rng.choice([16, 24, 40])}${rng.choice(["", " se"])})`,
    };
  };
  const compute = (trials: readonly TrialPoint[]) => trials.reduce((sum, one) => sum + one.macs * 3 * 3 * 7000, 0);
  const shared = Array.from({ length: 12 }, (_, i) => trial(i, "shared", null, 0.05));
  const evolution = Array.from({ length: 28 }, (_, i) =>
    trial(12 + i, "evolution", rng.integer(12 + i), 0.06 + 0.0012 * i),
  );
  // Random search draws until it has spent what evolution spent.
  const random: TrialPoint[] = [];
  while (compute(random) < compute(evolution)) random.push(trial(40 + random.length, "random", null, 0.05));
  const cheap = [...shared, ...evolution].filter((one) => one.macs < 2e6);
  return {
    trials: [...shared, ...evolution, ...random],
    evolutionMacs: compute([...shared, ...evolution]),
    randomMacs: compute([...shared, ...random]),
    chosen: cheap.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)).id,
  };
}

function sampleStages(classes: number): StageRow[] {
  const row = (
    [name, block, kernel, stride, expansion, squeezeExcite, activation]: readonly [
      string,
      string,
      number,
      number,
      number | null,
      boolean,
      string,
    ],
    output: readonly [number, number, number],
    params: number,
    macs: number,
  ): StageRow => ({ name, block, kernel, stride, expansion, squeezeExcite, activation, output, params, macs });
  return [
    row(["stem", "convolution", 3, 2, null, false, "hardSwish"], [16, 16, 16], 464, 110_592),
    row(["stage 1", "separable ×1", 3, 1, null, false, "relu"], [16, 16, 16], 464, 102_400),
    row(["stage 2", "inverted residual ×2", 3, 1, 4, false, "relu"], [24, 16, 16], 8_656, 1_990_656),
    row(["stage 3", "inverted residual ×3", 5, 2, 4, true, "hardSwish"], [40, 8, 8], 38_920, 1_467_072),
    row(["stage 4", "inverted residual ×2", 3, 2, 6, true, "hardSwish"], [64, 4, 4], 84_112, 742_400),
    row(["head", "convolution", 1, 1, null, false, "hardSwish"], [384, 4, 4], 25_344, 393_216),
    row(["classifier", "linear", 1, 1, null, false, "–"], [classes, 1, 1], 385 * classes, 384 * classes),
  ];
}

function sampleMistake(labels: readonly string[], i: number, rng: Rng): Mistake {
  const truth = rng.integer(labels.length);
  const [cx, cy] = [8 + rng.integer(12), 8 + rng.integer(12)];
  return {
    source: `${labels[truth]}/${String(rng.integer(10_000)).padStart(5, "0")}.png`,
    truth: labels[truth]!,
    predicted: labels[(truth + 1 + rng.integer(labels.length - 1)) % labels.length]!,
    probability: 0.995 - 0.02 * i,
    image: greyPng(28, (x, y) => Math.max(0, 250 - 22 * Math.hypot(x - cx, (y - cy) * (0.4 + 0.1 * (i % 7)))) % 256),
  };
}

export const costsOf = (macs: number) => ({ params: 1000, macs, weightBytes: 4000, peakActivationBytes: 8192 });

export const sampleSearch = (): SearchReport => ({
  data: sampleReport().data,
  title: "shoes",
  name: "first",
  place: "studies",
  strategy: "nsga2",
  axes: ["macs"],
  front: [
    { id: 4, arm: "nsga2", accuracy: 0.5, costs: costsOf(1e5), summary: "small", isKnee: false },
    { id: 1, arm: "random", accuracy: 0.8, costs: costsOf(2e5), summary: "middle", isKnee: true },
    { id: 2, arm: "nsga2", accuracy: 0.82, costs: costsOf(9e5), summary: "large", isKnee: false },
  ],
  trials: [{ id: 1, arm: "random", accuracy: 0.8, costs: costsOf(2e5), summary: "middle" }],
  arms: [
    { name: "nsga2", trials: 6, accuracy: 0.82, volume: 0.61, compute: 3e12 },
    { name: "random", trials: 6, accuracy: 0.8, volume: 0.62, compute: 3e12 },
  ],
  counts: { trained: 10, failed: 1, stopped: 2, repeated: 2 },
  compute: 5e12,
  seed: 3,
  epochs: 2,
  images: 7200,
  validation: 800,
  rejected: 12,
  exhaustedBefore: null,
  warmStart: false,
  latencyOn: null,
  ranking: null,
  engine: "onnxruntime-node",
  threads: 2,
  seconds: 65,
});
