/** The main job from a folder of photos to files, with everything real and everything small. */
import "../src/runtime/no-telemetry.js";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BantamError, EngineError } from "../src/base/index.js";
import { openDataset, openImages } from "../src/data/index.js";
import { evaluateFile, type FitResult, fit } from "../src/jobs/index.js";
import { type Architecture, countArchitecture } from "../src/networks/index.js";
import { renderFitReport, renderFitSummary } from "../src/report/index.js";
import { chooseEngine, type Engine } from "../src/runtime/index.js";
import { openClassifier } from "../src/shipping/index.js";
import { makePhotos } from "./photos.js";
import { recount } from "./recount.js";

const budget = { params: 30_000, macs: 1_000_000 };
let root: string;
let engine: Engine;
let result: FitResult;

const options = (out: string) => ({
  data: join(root, "photos"),
  budget,
  seconds: 600,
  out: join(root, out),
  seed: 3,
  trials: 8,
  epochs: 6,
  engine,
  cacheDir: join(root, "cache"),
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-fit-"));
  await makePhotos(join(root, "photos"), 40);
  engine = await chooseEngine("auto", 1);
  result = await fit(options("first"));
}, 180_000);

afterAll(() => rm(root, { recursive: true, force: true }));

describe("fit", () => {
  test("keeps the budget, by its own count and by a recount of the shipped file", async () => {
    expect(result.costs.params).toBeLessThanOrEqual(budget.params);
    expect(result.costs.macs).toBeLessThanOrEqual(budget.macs);
    const counted = await recount(result.onnx);
    expect(counted.macs).toBe(result.costs.macs);
    // Folding leaves fewer numbers than were trained.
    expect(counted.params * 4).toBe(result.costs.weightBytes);
    expect(counted.floats).toBeLessThanOrEqual(result.costs.params);
  });

  test("keeps a limit on time by prediction, and reports what was measured", async () => {
    const seen: unknown[] = [];
    const latency = {
      // As if time went with the pixels and the multiply-adds.
      of: (architecture: Architecture) => architecture.resolution / 100 + countArchitecture(architecture).macs / 1e6,
      measure: async (architecture: Architecture) => seen.push(architecture) + 1.5,
      on: "a processor, 1 thread",
      fingerprint: "a table",
    };
    const limited = { ...options("timed"), budget: { latencyMs: 0.8 }, trials: 4, epochs: 1, latency };
    const timed = await fit(limited);
    expect(timed.costs.latencyMs).toBeGreaterThan(0.4);
    expect(timed.costs.latencyMs).toBeLessThanOrEqual(0.8);
    expect(timed.latency).toEqual({ on: "a processor, 1 thread", measuredMs: 2.5 });
    expect(seen).toHaveLength(1);
    const page = renderFitReport(timed);
    expect(page).toContain("Not kept: latency, measured.");
    expect(page).toContain(
      "The shipped network took 2.50 ms, over the limit: the median, measured on a processor, 1 thread.",
    );
    expect(renderFitSummary(timed, { colour: false, width: 100 })).toMatch(/^latency +0\.80 ms +0\.[4-8]\d ms +\d/m);
    // Another table is another fit.
    const remeasured = { ...limited, latency: { ...latency, measure: null, fingerprint: "another" } };
    await expect(fit(remeasured)).rejects.toThrow(
      "it holds (--latency-table of a processor, 1 thread), received --latency-table other measurements\n",
    );
    const other = await fit({ ...remeasured, overwrite: true });
    expect(other.latency).toEqual({ on: "a processor, 1 thread", measuredMs: null });
    expect(renderFitReport(other)).toContain("Every limit is kept.");
  }, 120_000);

  test("learns, and names the broken file", () => {
    expect(result.accuracy).toBeGreaterThan(0.6); // chance is a third
    expect(result.data.skipped).toHaveLength(1);
    expect(result.data.skipped[0]).toMatchObject({ source: join("circle", "broken.jpg") });
    expect(result.curve).toHaveLength(6);
  });

  test("both files give the accuracy that it reported", async () => {
    for (const model of [result.model, result.onnx]) {
      const { data, cacheDir } = options("first");
      const scores = await evaluateFile({ model, data, split: "test", engine, cacheDir });
      expect(scores).toMatchObject({ accuracy: result.accuracy, count: result.data.test });
    }
  });

  test("so does plain ONNX Runtime, picture by picture", async (context) => {
    const ort = await import("onnxruntime-node").catch(() => null);
    if (ort === null) return context.skip("onnxruntime-node is not installed");
    const { cacheDir, data } = options("first");
    const classifier = await openClassifier(result.onnx, engine);
    const { preprocessing } = classifier.card;
    await classifier.dispose();
    const dataset = await openDataset(data, { seed: 3, cacheDir, maxSize: preprocessing.size });
    const images = await openImages(dataset, "test", preprocessing, { cacheDir });
    const session = await ort.InferenceSession.create(result.onnx);
    const dims = [1, preprocessing.size, preprocessing.size, preprocessing.channels];
    let correct = 0;
    for (let i = 0; i < images.count; i++) {
      const pixels = new Uint8Array(dims.reduce((a, b) => a * b));
      images.read(i, pixels, 0);
      const { probabilities } = await session.run({ pixels: new ort.Tensor("uint8", pixels, dims) });
      const scores = [...(probabilities!.data as Float32Array)];
      if (scores.indexOf(Math.max(...scores)) === images.labels[i]) correct++;
    }
    images.close();
    expect(correct / images.count).toBe(result.accuracy);
  });

  test("shows trials of both arms in a report that needs no network", () => {
    const { trials } = result.search!;
    expect(new Set(trials.map(({ strategy }) => strategy))).toEqual(new Set(["shared", "evolution", "random"]));
    const page = renderFitReport(result);
    expect(/random search/.test(page)).toBe(true); // on failure, not the whole page
    expect(/(src|href)="https?:/.test(page)).toBe(false);
  });

  test("the same seed gives the same bytes, also when it was stopped twice", async () => {
    const stopAt = async (line: RegExp) => {
      const controller = new AbortController();
      const seen = (text: string) => {
        if (line.test(text)) controller.abort();
      };
      const progress = { phase: () => {}, update: () => {}, line: seen };
      await expect(fit({ ...options("second"), signal: controller.signal, progress })).rejects.toMatchObject({
        code: "interrupted",
      });
    };
    await stopAt(/^trial {2}3/);
    await stopAt(/^epoch {3}2/);
    const lines: string[] = [];
    const second = await fit({
      ...options("second"),
      progress: { phase: () => {}, update: () => {}, line: (text) => lines.push(text) },
    });
    expect(lines.join("\n")).toMatch(/going on/);
    expect(lines.filter((line) => /^epoch/.test(line))).toHaveLength(4);
    expect(Buffer.compare(await readFile(second.model), await readFile(result.model))).toBe(0);
    expect(Buffer.compare(await readFile(second.onnx), await readFile(result.onnx))).toBe(0);
    const withoutClock = ({ search }: FitResult) => search!.trials.map(({ seconds: _, ...trial }) => trial);
    expect(withoutClock(second)).toEqual(withoutClock(result));
    expect(second.search!.rejectedByCost).toBe(result.search!.rejectedByCost);
    expect(result.search!.rejectedByCost).toBeGreaterThan(0);
  }, 180_000);

  test("without a search trains the portfolio's network, to the same bytes also when it was stopped", async () => {
    const { trials: _, ...alone } = options("alone");
    const whole = await fit(alone);
    expect(whole).toMatchObject({ search: null, scaling: null, stoppedBy: "macs" });
    expect(whole.costs.params).toBeLessThanOrEqual(budget.params);
    expect(whole.costs.macs).toBeGreaterThan(0.9 * budget.macs);
    expect(whole.accuracy).toBeGreaterThan(0.6);
    const page = renderFitReport(whole);
    expect(page).not.toContain('id="search"');
    expect(page).not.toContain("From baseline to budget");
    expect(renderFitSummary(whole, { colour: false, width: 100 })).not.toMatch(/trials|evolution/);

    const controller = new AbortController();
    const stop = (text: string) => {
      if (/^epoch {3}2/.test(text)) controller.abort();
    };
    const stopped = { ...alone, out: join(root, "alone-stopped") };
    const progress = { phase: () => {}, update: () => {}, line: stop };
    await expect(fit({ ...stopped, signal: controller.signal, progress })).rejects.toMatchObject({
      code: "interrupted",
    });
    const goneOn = await fit(stopped);
    expect(Buffer.compare(await readFile(goneOn.model), await readFile(whole.model))).toBe(0);
    await expect(fit({ ...stopped, trials: 2 })).rejects.toThrow("received --trials 2");
  }, 120_000);

  test("leaves no temporary files", async () => {
    const files = await readdir(join(root, "first"));
    const own = ["checkpoints", "model.onnx", "model.safetensors", "report.html", "run.json", "study.json"];
    expect(files.toSorted()).toEqual(own);
  });

  test("ends at once when the engine breaks, not after a search of failed trials, and leaves nothing", async () => {
    const refusal = new EngineError({ at: "engine", expected: "a graph it knows", received: "another" });
    const refuse = () => Promise.reject(refusal);
    const broken: Engine = { ...engine, load: refuse, loadKeeping: refuse };
    await expect(fit({ ...options("fourth"), engine: broken })).rejects.toBe(refusal);
    expect(await readdir(root)).not.toContain("fourth");
  });

  test("ends with the smallest network's size when nothing fits", async () => {
    const error = await fit({ ...options("third"), budget: { params: 10 } }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BantamError);
    expect(error).toMatchObject({ code: "infeasible", exitCode: 3 });
    expect((error as Error).message).toMatch(
      /expected at most 10 parameters, received [\d,]+ parameters in the smallest network/,
    );
  });
});
