import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRng, EngineError } from "../../base/index.js";
import { chooseEngine, type Engine, type KeepingSession } from "../../runtime/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { measureEngines } from "./fastest.js";

const real = await chooseEngine("auto", 1);
const setup = {
  architecture: halvesNetwork,
  recipe: halvesRecipe,
  normalization: halvesNormalization,
  rng: createRng(1),
};
const images = halves(16, 1);

/** In ms; it stands still but for the steps of the engines here. */
let clock = 0;
beforeEach(() => void vi.spyOn(performance, "now").mockImplementation(() => clock));
afterEach(() => void vi.restoreAllMocks());

type Run = KeepingSession["run"];

function engineWith(name: string, around: (run: Run) => Run): Engine & { readonly left: () => number } {
  let left = 0;
  return {
    ...real,
    name,
    left: () => left,
    async loadKeeping(model, kept) {
      const session = await real.loadKeeping(model, kept);
      left++;
      return {
        run: around((feeds) => session.run(feeds)),
        dispose: () => {
          left--;
          return session.dispose();
        },
      };
    },
  };
}

/** @param steps taken so far are counted there. */
const taking = (name: string, ms: number, steps = { count: 0 }) =>
  engineWith(name, (run) => async (feeds) => {
    clock += ms;
    steps.count++;
    return run(feeds);
  });

const refusing: Engine = {
  ...real,
  name: "refusing",
  loadKeeping: () => Promise.reject(new EngineError({ at: "refusing", expected: "a graph", received: "another" })),
};

const numberless = engineWith("numberless", (run) => async (feeds) => {
  const { outputs, kept } = await run(feeds);
  return { outputs: { ...outputs, loss: { data: Float32Array.of(Number.NaN), dims: [] } }, kept };
});

test("the least time for a step wins, whatever the order, and nothing stays loaded", async () => {
  const [slow, fast, middling] = [taking("slow", 30), taking("fast", 20), taking("middling", 25)];
  const { fastest, measured } = await measureEngines([slow, fast, middling], setup, images);
  expect(fastest.name).toBe("fast");
  expect(measured.map(({ engine, stepSeconds }) => [engine.name, stepSeconds])).toEqual([
    ["slow", expect.closeTo(0.03, 9)],
    ["fast", expect.closeTo(0.02, 9)],
    ["middling", expect.closeTo(0.025, 9)],
  ]);
  expect([slow, fast, middling].map(({ left }) => left())).toEqual([0, 0, 0]);
});

test("one that takes over twice as long as the best is not measured to the end", async () => {
  const [quick, late] = [{ count: 0 }, { count: 0 }];
  const engines = [taking("quick", 10, quick), taking("late", 21, late)];
  const { measured } = await measureEngines(engines, setup, images);
  expect([quick.count, late.count]).toEqual([7, 2]);
  expect(measured[1]!.stepSeconds).toBeCloseTo(0.021, 9);
});

test("a device that refuses the network, or gives no numbers, is passed over", async () => {
  const { fastest, measured } = await measureEngines([refusing, taking("able", 10), numberless], setup, images);
  expect(fastest.name).toBe("able");
  expect(measured.map(({ stepSeconds }) => stepSeconds === null)).toEqual([true, false, true]);
  expect(numberless.left()).toBe(0);
});

test("where none can, the last one's reason is given", async () => {
  await expect(measureEngines([numberless, refusing], setup, images)).rejects.toThrow("refusing: expected a graph");
});

test("what is no fault of a device is not hidden", async () => {
  const broken = engineWith("broken", () => () => Promise.reject(new Error("internal: a mistake of ours")));
  await expect(measureEngines([broken, taking("able", 10)], setup, images)).rejects.toThrow("a mistake of ours");
});
