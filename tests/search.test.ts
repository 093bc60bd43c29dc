/** `search`, `study`, `scaling-search` and `scaling-study` as people type them, on a few small pictures. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { latencyModel, predictLatency } from "../src/cost/index.js";
import { blocksOf } from "../src/networks/index.js";
import { decode } from "../src/search/index.js";
import { openStudyStore } from "../src/study/index.js";
import { writeLatencyTable } from "./latency-table.js";
import { makePhotos, photosWarning } from "./photos.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

/** The one document that `--json` prints. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await bantam(...words, "--json", "--quiet");
  expect({ code, stderr: stderr.replace(photosWarning, "") }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** A quick look: two trainings of one epoch on a few pictures of 16 px. */
const quick = () => ["--trials", "2", "--epochs", "1", "--images", "12", "--space", place("space.json")];

const stage = (channels: number[]) => ({
  channels,
  repeats: [1],
  kernels: [3],
  squeezeExcite: [false],
  expansions: [2],
});
const space = {
  base: "image",
  resolutions: [16],
  widths: [0.25, 0.35],
  activations: ["relu"],
  stemStrides: [2],
  headChannels: [128],
  stages: [{ ...stage([12]), expansions: [1] }, stage([16, 24]), stage([32]), stage([56, 72]), stage([88])],
};

beforeAll(async () => {
  await makePhotos(place("photos"), 8);
  await writeFile(place("space.json"), JSON.stringify(space));
  const first = ({ channels, ...lists }: ReturnType<typeof stage>) => ({ ...lists, channels: channels.slice(0, 1) });
  const point = { ...space, widths: [0.25], stages: space.stages.map(first) };
  await writeFile(place("point.json"), JSON.stringify(point));
  await writeFile(place("empty.json"), JSON.stringify({ ...space, widths: [] }));
  const [head, ...rest] = space.stages;
  const wrong = {
    ...space,
    widths: [0.25, 3],
    activation: ["relu"],
    stages: [head, { kernals: [3] }, ...rest.slice(1)],
  };
  await writeFile(place("wrong.json"), JSON.stringify(wrong));
}, 60_000);

describe("a search", () => {
  test("keeps its limits, is found again by study, and goes on with other strategies beside it", async () => {
    const at = ["--study", place("studies")];
    const found = await json(
      ...["search", place("photos"), ...at, ...quick(), "--name", "first", "--population", "2", "--seed", "3"],
      ...["--max-params", "9k", "--max-macs", "400k", "--max-memory", "60kB", "--max-size", "60kB", "--time", "1h"],
      ...["--axes", "macs,memory", "--target-macs", "200k", "--reward", "hard", "--early-stopping", "--warm-start"],
    );
    expect(found).toMatchObject({ strategy: "evolution", axes: ["macs", "peakActivationBytes"], seed: 3, epochs: 1 });
    expect(found).toMatchObject({ counts: { trained: 2, failed: 0 }, images: 12, warmStart: true });
    for (const { costs } of found.front) {
      expect(costs.params).toBeLessThanOrEqual(9000);
      expect(costs.macs).toBeLessThanOrEqual(400_000);
      expect(costs.peakActivationBytes).toBeLessThanOrEqual(60_000);
    }
    // On the way, people are told of each trial.
    const { stderr } = await bantam(
      "search",
      place("photos"),
      ...at,
      ...quick(),
      "--name",
      "second",
      "--strategy",
      "random",
    );
    expect(stderr).toMatch(/^search · random, study second in .*studies$/m);
    expect(stderr).toMatch(/^trial {3}2 {2}random +[\d.]+ %/m);

    const { stdout: list } = await bantam("study", "ls", place("studies"));
    expect(list).toMatch(/^study +kind +trials +failed +begun\nfirst +search +\d +– .*\nsecond +search +2 +– /);

    const exported = await bantam("study", "export", place("studies"), "first", "--format", "json");
    const { study, trials } = JSON.parse(exported.stdout);
    const target = { cost: "macs", value: 200_000, exponents: { within: 0, beyond: -1 } };
    expect(study.settings).toMatchObject({ epochs: 1, images: 12, earlyStopping: true, warmStart: true, target });
    expect(study.settings.axes).toEqual(["macs", "peakActivationBytes"]);
    expect(study.settings.space.widths).toEqual([0.25, 0.35]);

    await bantam("study", "export", place("studies"), "first", "--out", place("trials.csv"));
    expect((await readFile(place("trials.csv"), "utf8")).trimEnd().split("\r\n")).toHaveLength(trials.length + 1);

    const { stdout: shown } = await bantam("study", "show", place("studies"), "second");
    expect(shown).toMatch(/^ +2 {2}random +[\d.]+ % .* 16 px · stem [48] \/2 · relu · 1×\(e1 k3 c4\)/m);

    const compared = await bantam("study", "compare", place("studies"), "first", "second", "--axes", "macs");
    expect(compared.stdout).toMatch(/^study +trials +on its front +best +volume +training MACs\nfirst .*\nsecond /);

    const other = await bantam(
      "search",
      place("photos"),
      ...at,
      ...quick(),
      "--name",
      "second",
      "--strategy",
      "evolution",
    );
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toMatch(/study second: expected strategy "random", received strategy "evolution"\n {2}hint: /);
    const unnamed = await bantam("study", "show", place("studies"));
    expect(unnamed).toMatchObject({ code: 2 });
    expect(unnamed.stderr).toMatch(/hint: there: first, second/);
  }, 120_000);

  test("keeps a limit on time by a table of measured blocks, and puts it on the front", async () => {
    const measured = await writeLatencyTable(place("latency.json"));
    const words = ["search", place("photos"), ...quick(), "--study", place("timed"), "--trials", "4"];
    const timed = [...words, "--max-latency", "0.3ms", "--latency-table", place("latency.json"), "--axes", "latency"];
    const found = await json(...timed);
    expect(found).toMatchObject({ axes: ["latencyMs"], latencyOn: "a processor, an engine, 1 thread" });
    const exported = await bantam("study", "export", place("timed"), "--format", "json");
    const { study, trials } = JSON.parse(exported.stdout);
    for (const { subject, costs } of trials) {
      const chain = blocksOf(decode(study.settings.space, subject));
      expect(costs.latencyMs).toBe(predictLatency(chain, latencyModel(measured)).ms);
      expect(costs.latencyMs).toBeLessThanOrEqual(0.3);
    }
    expect(found.rejected).toBeGreaterThan(0);
    // Gone on with, nothing is trained; by another table it is another search.
    expect(await json(...timed)).toMatchObject({ front: found.front, arms: found.arms });
    await writeFile(
      place("other.json"),
      (await readFile(place("latency.json"), "utf8")).replace("an engine", "another"),
    );
    const other = await bantam(...timed.map((word) => word.replace("latency.json", "other.json")));
    expect(other.stderr).toMatch(/study .*: expected latency "\w+", received latency "\w+"/);
    const tight = await bantam(...timed.map((word) => word.replace("0.3ms", "0.1ms")), "--name", "tight");
    expect(tight).toMatchObject({ code: 3 });
    expect(tight.stderr).toMatch(/expected at most 0\.1 ms, received [\d.]+ ms in the smallest network/);
    const compared = await bantam("study", "compare", place("timed"), "--axes", "latency,params");
    expect(compared.stdout).toMatch(/^photos /m);
  }, 60_000);

  test.each([
    ["--max-latency 5ms", /^error: --max-latency: expected --latency-table, a file of .*, received none$/m],
    ["--axes macs,latency", /^error: --axes latency: expected --latency-table, a file of .*, received none$/m],
    ["--latency-threads 2", /^error: --latency-threads: expected --latency-table, a file of .*, received none$/m],
    ["--latency-table nowhere.json", /^error: --latency-table: expected --max-latency or --target-latency or --axes/m],
    ["--max-latency 5ms --latency-table nowhere.json", /nowhere\.json: expected a file that can be read/],
    ["--target-macs 5M --target-latency 5ms", /received both|--target-latency: expected --latency-table/],
  ])("a latency needs a table, and a table a latency: %s", async (words, message) => {
    const { code, stderr } = await bantam("search", place("photos"), ...words.split(" "));
    expect(stderr).toMatch(message);
    expect(code).toBeGreaterThan(0);
  });

  test.each([
    ["--reward hard", "--target-macs or --target-latency", "none"],
    ["--strategy nsga2 --target-macs 5M", "--strategy evolution or controller", "nsga2"],
    ["--strategy random --population 8", "--strategy evolution or nsga2", "random"],
    [
      "--strategy controller --warm-start",
      "--strategy evolution or nsga2 or successive-halving or netadapt",
      "controller",
    ],
    ["--judged 5", "--strategy supernet", "evolution"],
    ["--supernet-epochs 5", "--strategy supernet", "evolution"],
    ["--score synflow", "--strategy prefiltered", "evolution"],
  ])("does not take what would change nothing: %s", async (words, needs, received) => {
    const { code, stderr } = await bantam("search", place("photos"), ...words.split(" "));
    expect(stderr).toMatch(new RegExp(`^error: --[a-z-]+: expected ${needs} beside it, received ${received}$`, "m"));
    expect(code).toBe(2);
  });

  test.each([
    ["ls PLACE first", "study ls: expected no name of a study, received first"],
    ["show PLACE first second", "study show: expected one study, received first second"],
    ["show PLACE first --out trials.csv", "--out: expected export beside it, received show"],
    ["export PLACE first --axes macs", "--axes: expected compare beside it, received export"],
  ])("nor does study %s", async (words, message) => {
    const { code, stderr } = await bantam("study", ...words.replace("PLACE", place("studies")).split(" "));
    expect(stderr).toContain(`error: ${message}`);
    expect(code).toBe(2);
  });

  test("of a space with one point trains that, and says why there are no more", async () => {
    const words = ["search", place("photos"), ...quick().slice(0, -1), place("point.json"), "--study", place("point")];
    const { code, stdout } = await bantam(...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^trials {2}1 trained · 1 met before/m);
    expect(stdout).toMatch(/^ended {3}before 2 trials: evolution has nothing more to propose$/m);
  }, 60_000);

  test.each([
    ["a budget that nothing keeps", ["--max-macs", "100"], 3, /at most 100 MACs, received [\d,]+ MACs in the smallest/],
    [
      "an empty space",
      ["--space", "ROOT/empty.json"],
      2,
      /widths: expected at least one value, received none: the space would/,
    ],
    [
      "a space with three mistakes",
      ["--space", "ROOT/wrong.json"],
      2,
      /received 3 mistakes\n {2}widths\[1\]: expected one of .*, received 3\n {2}stages\[1\]\.kernals: unknown key; did you mean kernels\?\n {2}activation: unknown key; did you mean activations\?/,
    ],
    ["an unknown strategy", ["--strategy", "luck"], 2, /--strategy: expected one of random, evolution/],
    ["an unknown score", ["--score", "luck"], 2, /--score: expected one of synflow/],
    ["an unknown axis", ["--axes", "beauty"], 2, /--axes: expected .*macs, params, memory, size.*, received/],
    ["no epochs", ["--supernet-epochs", "0", "--judged", "0"], 2, /--supernet-epochs: .*\n[\s\S]*--judged: /],
  ] as const)("%s is a clear end", async (_, words, expected, message) => {
    const rest = words.map((word) => word.replace("ROOT", place()));
    const { code, stdout, stderr } = await bantam("search", place("photos"), "--study", place("none"), ...rest);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await readdir(place())).not.toContain("none");
  });

  test("in a folder that another process has open is refused with that process's number", async () => {
    const store = await openStudyStore(place("busy"));
    const words = [...quick(), "--study", place("busy")];
    const { code, stderr } = await bantam("search", place("photos"), ...words);
    await store.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`received one in which process ${process.pid} on ${hostname()} has been at work since`);
  }, 60_000);

  test("study says where there is none", async () => {
    const { code, stderr } = await bantam("study", "ls", place("photos"));
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/expected a folder with studies/),
    });
  });
});

describe("the experiments of compound scaling", () => {
  const baseline = ["--baseline", "mobilenet-v2-0.35@8", "--seeds", "1", "--epochs", "1"];

  test("a study, the same again, and a search for coefficients that shares its trainings", async () => {
    const at = ["--study", place("scaling")];
    const few = [
      "--depths",
      "2",
      "--widths",
      "1.4",
      "--resolutions",
      "1.5",
      "--settings",
      "2x1.5",
      "--setting-widths",
      "1.4",
    ];
    const words = ["scaling-study", place("photos"), ...at, ...baseline, ...few, "--phis", "1", "--alpha", "1.3"];
    const first = await bantam(...words, "--beta", "1.2", "--gamma", "1.1");
    expect(first.code).toBe(0);
    // Baseline, one in each dimension, two widths at the setting, one φ.
    for (const key of [
      "d1 w1 r1",
      "d2 w1 r1",
      "d1 w1.4 r1",
      "d1 w1 r1.5",
      "d2 w1 r1.5",
      "d2 w1.4 r1.5",
      "d1.3 w1.2 r1.1",
    ])
      expect(first.stdout, key).toContain(`\n${key} `);
    expect(await readdir(place("scaling"))).toEqual(
      ["alone.svg", "compound.svg", "database", "points.csv", "report.html", "run.json", "width-settings.svg"].sort(),
    );
    const again = await bantam(...words, "--beta", "1.2", "--gamma", "1.1");
    expect(again.stdout).toBe(first.stdout);
    expect(again.stderr).toContain("7 of 7 trainings were done before");

    const steps = ["--alpha-step", "1", "--beta-step", "1", "--gamma-step", "1", "--growth", "2", "--tolerance", "0"];
    const search = await bantam("scaling-search", place("photos"), ...at, ...baseline, ...steps, "--retry-failed");
    expect(search.code).toBe(0);
    expect(search.stderr).toContain("1 of 1 trainings were done before");
    expect(search.stdout).toMatch(/^α = 2, β = 1, γ = 1$/m);

    const { stdout } = await bantam("study", "show", place("scaling"));
    expect(stdout).toMatch(/^ +1 {2}scaling .* d1 w1 r1, seed 0$/m);
  }, 120_000);

  test.each([
    ["factors that are none", ["scaling-study", "--depths", "2;4"], /--depths: expected numbers from/],
    ["settings that are none", ["scaling-study", "--settings", "2,3"], /--settings: expected /],
    [
      "a grid without a point",
      ["scaling-search", "--growth", "2.05", "--tolerance", "0"],
      /expected a point of the grid with/,
    ],
  ] as const)("%s", async (_, [command, ...rest], message) => {
    const { code, stdout, stderr } = await bantam(command, place("photos"), "--study", place("none"), ...rest);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(await readdir(place())).not.toContain("none");
  });
});
