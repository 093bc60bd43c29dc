/** The two experiments of compound scaling on small pictures: stopped and gone on with, shared trainings, and what is written. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { FileError, InterruptedError } from "../../base/index.js";
import { folderOf, pictures, temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine, type Engine } from "../../runtime/index.js";
import type { StudyOptions } from "../../scaling/index.js";
import { openStudyStore } from "../../study/index.js";
import { showStudy } from "../studies.js";
import type { ScalingOptions } from "./scaling-experiment.js";
import { scalingSearch } from "./scaling-search.js";
import { scalingStudy } from "./scaling-study.js";

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine("auto", 1);
});

const wanted: StudyOptions = {
  alone: { depth: [2], width: [1.4], resolution: [] },
  settings: [],
  settingWidths: [],
  phis: [1],
  coefficients: { depth: 1.2, width: 1.1, resolution: 1.15 },
};

async function options(other: Partial<ScalingOptions> = {}): Promise<ScalingOptions> {
  const data = await folderOf(await pictures(["dark", "light"], 24, 16));
  const study = join(await temporaryFolder(), "study");
  return {
    data,
    baseline: "mobilenet-v2-0.35@8",
    study,
    out: study,
    epochs: 1,
    seeds: 2,
    retry: false,
    engine,
    cacheDir: await temporaryFolder(),
    command: "again",
    ...other,
  };
}

const lines = (said: string[]) => ({ phase: () => {}, update: () => {}, line: (text: string) => void said.push(text) });

test("a study that was stopped goes on as if it had not been, and the search shares its trainings", async () => {
  const unbroken = await options();
  const whole = await scalingStudy(unbroken, wanted);
  expect(whole.points.map(({ accuracies }) => accuracies.length)).toEqual([2, 2, 2, 2]);

  const study = join(await temporaryFolder(), "study");
  const broken = { ...unbroken, study, out: study };
  const stop = new AbortController();
  const said: string[] = [];
  const stopping = {
    ...lines(said),
    line: (text: string) => {
      said.push(text);
      if (said.filter((line) => line.includes(" seed ")).length === 3) stop.abort();
    },
  };
  const stopped = scalingStudy({ ...broken, signal: stop.signal, progress: stopping }, wanted);
  await expect(stopped).rejects.toThrow(InterruptedError);
  await expect(stopped).rejects.toThrow(`every finished training is in ${study}; go on with\n  again`);
  said.length = 0;
  const resumed = await scalingStudy({ ...broken, progress: lines(said) }, wanted);
  expect(said).toContain("3 of 8 trainings were done before");
  const accuracies = ({ points }: typeof whole) => points.map(({ key, accuracies }) => [key, accuracies]);
  expect(accuracies(resumed)).toEqual(accuracies(whole));
  expect((await readdir(broken.out)).sort()).toEqual(
    ["alone.svg", "compound.svg", "database", "points.csv", "report.html", "run.json", "width-settings.svg"].sort(),
  );

  // One point, which the study has trained: twice as deep.
  said.length = 0;
  const grid = { growth: 2, tolerance: 0, steps: { depth: 1, width: 1, resolution: 1 } };
  const found = await scalingSearch({ ...broken, progress: lines(said) }, grid);
  expect(said).toContain("2 of 2 trainings were done before");
  expect(found.coefficients).toEqual({ depth: 2, width: 1, resolution: 1 });
  const store = await openStudyStore(broken.study, { create: false });
  const studies = await store.list();
  const shown = showStudy(await store.read(studies[0]!.name));
  await store.close();
  expect(shown.trials[0]!.network).toBe("d1 w1 r1, seed 0");
  expect(studies.map(({ kind }) => kind)).toEqual(["scaling"]);
  expect(await readFile(join(broken.out, "points.csv"), "utf8")).toContain("d1 w1 r1");
}, 120_000);

test("a study that another process has is refused", async () => {
  const busy = await options();
  const store = await openStudyStore(busy.study);
  await expect(scalingStudy(busy, wanted)).rejects.toThrow(FileError);
  await store.close();
});
