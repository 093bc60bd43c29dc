/** What is read back: the amounts of a fit that are repeated, and damage, which is named and never begun anew over. */
import { chmod, cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { formatDurationExactly, parseDuration } from "../../src/base/index.js";
import { createField, makeNoise } from "./folders-fixtures.js";

const { place, bantam, contents } = createField();

/** By the clock. */
const timed = (out: string, ...more: string[]) => [
  ...["fit", place("photos"), "--max-params", "20k", "--device", "cpu", "--time", "10s", "--out", place(out), ...more],
];
/** The same, and a quarter of the time for a search. */
const searched = (out: string, ...more: string[]) => timed(out, "--search", ...more);
/** By its amounts, which are soon done. */
const counted = (out: string, ...more: string[]) => [
  ...[
    "fit",
    place("photos"),
    "--max-params",
    "20k",
    "--device",
    "cpu",
    "--trials",
    "2",
    "--epochs",
    "1",
    "--time",
    "60s",
  ],
  ...["--out", place(out), ...more],
];

beforeAll(async () => {
  await makeNoise(place("photos"));
  for (const words of [timed("timed"), searched("searched"), counted("counted")])
    expect(await bantam(words)).toMatchObject({ code: 0 });
  expect((await bantam(counted("stopped"), /^trial {2}1/m)).code).toBe(130);
}, 120_000);

const studyOf = async (out: string) => JSON.parse(await readFile(place(out, "study.json"), "utf8"));
const bytesOf = async (out: string) => {
  const digests = await contents(out);
  return [digests["model.safetensors"], digests["model.onnx"]];
};

test("every duration is printed so that it is read as the same", () => {
  for (const [seconds, text] of [
    [5420, "1h30m20s"],
    [5400, "1h30m"],
    [600, "10m"],
    [90_061, "1d1h1m1s"],
    [12.5, "12.5s"],
    [0, "0s"],
  ] as const)
    expect(formatDurationExactly(seconds)).toBe(text);
  const durations = fc.oneof(
    fc.integer({ min: 0, max: 366 * 86_400 }),
    fc.double({ min: 1e-6, max: 366 * 86_400, noNaN: true }),
    fc.integer({ min: 1, max: 10 ** 9 }).map((n) => n / 1000),
  );
  fc.assert(
    fc.property(durations, (seconds) => {
      expect(parseDuration(formatDurationExactly(seconds))).toEqual({ ok: true, value: seconds });
    }),
    { numRuns: 2000 },
  );
});

describe("a fit that is repeated", () => {
  /** As it stands in the report, with what HTML makes of its quotes. */
  const printed = async (out: string) => {
    const page = await readFile(place(out, "report.html"), "utf8");
    const line = /bantam fit [^<]*/
      .exec(page)![0]
      .replaceAll("&#39;", "'")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&");
    return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!).slice(1);
  };

  test.each([
    ["timed", ""],
    ["searched", "--search "],
  ])(
    "by the printed command ends in the same bytes, beside the first: %s",
    async (out, flag) => {
      const words = await printed(out);
      expect(words.join(" ")).toContain(
        `--max-params 20000 --time 10s --seed 0 ${flag}--device cpu --threads 1 --cache ${place("cache")} --repeat ${place(out)} --out ${place(out)}-again`,
      );
      const { code, stderr } = await bantam(words);
      expect(code).toBe(0);
      const { plan } = await studyOf(out);
      const search = flag === "" ? "" : `${plan.trials} trials of ${plan.trialEpochs} epochs, then `;
      expect(stderr).toContain(`repeating ${place(out)}: ${search}${plan.schedule.length} epochs\n`);
      expect(await bytesOf(`${out}-again`)).toEqual(await bytesOf(out));
      expect((await studyOf(`${out}-again`)).plan).toEqual(plan);
    },
    60_000,
  );

  test("without --repeat, the clock decides again", async () => {
    const { stderr } = await bantam(timed("by-the-clock"), /^epoch {3}1/m);
    expect(stderr).not.toContain("repeating");
    expect((await studyOf("by-the-clock")).follows).toBe(false);
  }, 60_000);

  test("in place, too, from the plan that is there", async () => {
    await cp(place("counted"), place("in-place"), { recursive: true });
    const before = await bytesOf("in-place");
    expect(await bantam(counted("in-place", "--repeat", place("in-place"), "--overwrite"))).toMatchObject({ code: 0 });
    expect(await bytesOf("in-place")).toEqual(before);
  }, 60_000);

  test.each([
    ["nowhere", "expected the folder of a fit, received ROOT/nowhere, which holds none"],
    ["stopped", "expected the folder of a finished fit, received ROOT/stopped, in which one was stopped"],
    [
      "timed",
      "expected the options of the fit that it holds (--time 10s, --trials none, --epochs none), received --time 1m, --trials 2, --epochs 1",
    ],
  ])("of %s is refused", async (folder, message) => {
    const { code, stderr } = await bantam(counted("another", "--repeat", place(folder)));
    expect(code).toBe(2);
    expect(stderr).toContain(`error: --repeat: ${message.replaceAll("ROOT", place())}\n`);
    expect(await bantam(["eval", place("another", "model.onnx"), place("photos")])).toMatchObject({ code: 1 });
  });

  test("in a folder that the clock has begun is refused", async () => {
    const { code, stderr } = await bantam(timed("by-the-clock", "--repeat", place("timed")));
    expect(code).toBe(2);
    expect(stderr).toContain(
      "--repeat: expected a folder for the results in which no fit has begun with other amounts",
    );
  });
});

type Path = readonly (string | number)[];

/** In place. Left out where the value is undefined. */
function put(document: unknown, path: Path, value: unknown): void {
  const holder = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], document);
  const [last] = path.slice(-1) as [string];
  if (value === undefined && !Array.isArray(holder)) delete (holder as Record<string, unknown>)[last];
  else (holder as Record<string, unknown>)[last] = value;
}

describe("a study that is damaged", () => {
  /** Named with its file, exit code 1, and not a byte changes. */
  async function named(damage: string | readonly [Path, unknown], out = "stopped", words = counted("damaged")) {
    await rm(place("damaged"), { recursive: true, force: true });
    await cp(place(out), place("damaged"), { recursive: true });
    const study = await studyOf("damaged");
    if (typeof damage !== "string") put(study, ...damage);
    await writeFile(place("damaged", "study.json"), typeof damage === "string" ? damage : JSON.stringify(study));
    const before = await contents("damaged");
    const { code, stderr } = await bantam(words);
    const file = place("damaged", "study.json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`error: ${file}: expected `) });
    expect(await contents("damaged")).toEqual(before);
    expect(stderr).toContain(
      "hint: nothing was deleted: put the file back from a copy, or begin anew with --overwrite",
    );
    return /, received ([^\n]*)/.exec(stderr)![1]!;
  }

  const trial = (...path: (string | number)[]): Path => ["trials", 0, ...path];
  test.each<readonly [what: string, Path, value: unknown, message: string]>([
    ["a field less", ["rejected"], undefined, "rejected: expected number, received nothing"],
    ["no trials", ["trials"], undefined, "trials: expected array, received nothing"],
    [
      "the same as a trial that there cannot be",
      trial("sameAs"),
      -1,
      "trials.0.sameAs: Too small: expected number to be >=0",
    ],
    ["a candidate less", trial("candidate", "stages"), undefined, "trials.0.candidate: no candidate of the space"],
    ["a candidate of another space", trial("candidate", "width"), 77, "trials.0.candidate: no candidate of the space"],
    ["endless trials", ["plan", "trials"], 1e21, "plan.trials: "],
    ["more trials than were asked for", ["plan", "trials"], 3, "plan.trials: Too big: expected number to be <=2"],
    ["longer trials", ["plan", "trialEpochs"], 500, "plan.trialEpochs: Too big: expected number to be <=1"],
    ["more images", ["plan", "trialImages"], 1e6, "plan.trialImages: Too big"],
    ["a choice that is not there", ["plan", "choice"], { trial: 999, mostActivations: null }, "plan.choice.trial: "],
    ["a schedule too long", ["plan", "schedule"], [900], "plan.schedule.0: Too big"],
    ["another accuracy", trial("accuracy"), 0.123, "trials.0.accuracy: expected "],
    ["another number", trial("id"), 4, "trials.0.id: expected 0, received 4"],
    ["a parent to come", trial("parent"), 5, "trials.0.parent: expected an earlier trial, received 5"],
    ["other layers", trial("architecture", "resolution"), 24, "trials.0.architecture: not that of its candidate"],
    ["another speed", trial("imagesPerSecond"), 7, "sha256: of another content"],
    ["no digest", ["sha256"], undefined, "sha256: expected a digest of the content, received nothing"],
    ["a field more", ["more"], 1, "more: unknown field"],
    ["of another version", ["format"], "bantam-study-9", '"bantam-study-9"'],
  ])("with %s", async (_, path, value, message) => {
    expect(await named([path, value])).toContain(message);
  });

  test.each([
    ["a list", "[]", "expected object, received array"],
    ["null", "null", "expected object, received null"],
    ["empty", "", "an empty file"],
    ["cut off", '{"format": "bantam-study-3", "key": "', "something that is no JSON"],
  ])("that is %s", async (_, text, message) => {
    expect(await named(text)).toContain(message);
  });

  test("finished ones, too", async () => {
    const part = "plan: expected all amounts, received a part of them";
    expect(await named([["plan", "choice"], undefined], "counted")).toBe(part);
    expect(await named([["trials"], []], "counted")).toContain("plan.choice.trial: expected a trial that was trained");
    const most = await named([["plan", "choice", "mostActivations"], 12_345], "searched", searched("damaged"));
    expect(most).toBe("sha256: of another content");
    expect(await named([["plan", "work"], undefined], "timed", timed("damaged"))).toBe(part);
  });

  test("that nobody may read, or that is begun anew where that is asked for", async () => {
    await cp(place("stopped"), place("closed"), { recursive: true });
    if (process.getuid?.() !== 0) {
      await chmod(place("closed", "study.json"), 0);
      expect((await bantam(counted("closed"))).stderr).toContain("a file that can be read, received no permission");
      await chmod(place("closed", "study.json"), 0o600);
    }
    await truncate(place("closed", "study.json"), 10);
    expect((await bantam(counted("closed"))).stderr).toContain("received something that is no JSON");
    expect(await bantam(counted("closed", "--overwrite"))).toMatchObject({ code: 0 });
    expect(await bytesOf("closed")).toEqual(await bytesOf("counted"));
  }, 60_000);

  test("of another run than run.json tells of", async () => {
    await cp(place("stopped"), place("mixed"), { recursive: true });
    const study = await studyOf("mixed");
    await writeFile(place("mixed", "study.json"), JSON.stringify({ ...study, key: "0" }));
    const before = await contents("mixed");
    const { code, stderr } = await bantam(counted("mixed"));
    expect(code).toBe(2);
    expect(stderr).toContain("received study.json, not all of the run that run.json tells of\n");
    expect(await contents("mixed")).toEqual(before);
  });

  test("in any one field", async () => {
    const study = await studyOf("stopped");
    const pathsIn = (value: unknown, path: Path = []): Path[] =>
      typeof value !== "object" || value === null
        ? [path]
        : [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
    const paths = fc.constantFrom(...pathsIn(study).filter(([first]) => first !== undefined && first !== "key"));
    const values = [undefined, null, -1, 0, 1e21, 0.5, Number.MAX_SAFE_INTEGER, "", "x", [], {}, true, "__proto__"];
    await fc.assert(
      fc.asyncProperty(paths, fc.constantFrom<unknown>(...values), async (path, value) => {
        const changed = structuredClone(study);
        put(changed, path, value);
        fc.pre(JSON.stringify(changed) !== JSON.stringify(study));
        expect(await named([path, value])).not.toBe("");
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

test("a device.json that is damaged is named", async () => {
  const network = ["--network", "mobilenet-v3-small-0.25@16", "--epochs", "1"];
  const words = ["train", place("photos"), ...network, "--out", place("auto")];
  expect(await bantam(words)).toMatchObject({ code: 0 });
  const file = place("auto", "checkpoints", "device.json");
  for (const text of ["{", "null", '{"run":1}', '{"run":"x","device":"abacus"}', "[]"]) {
    await writeFile(file, text);
    const { code, stderr } = await bantam(words);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${file}: expected the device of a training, received `);
    expect(stderr).toContain("hint: remove it, and name the device with --device");
    expect(await readFile(file, "utf8")).toBe(text);
  }
}, 60_000);

describe("rows of a study that somebody changed", () => {
  const search = (...more: string[]) => [
    ...["search", place("photos"), "--max-params", "20k", "--trials", "2", "--epochs", "1", "--device", "cpu"],
    ...["--study", place("rows"), ...more],
  ];
  beforeAll(async () => {
    expect(await bantam(search())).toMatchObject({ code: 0 });
    await cp(place("rows"), place("rows-whole"), { recursive: true });
  }, 60_000);

  test.each([
    [
      "update trials set subject = '{}' where id = 0",
      "subject: expected a candidate of the study's space, received {}",
    ],
    ["update trials set subject = '[1]' where id = 1", "trial 2, subject: expected"],
    [
      `update trials set curve = '"x"' where id = 0`,
      "trial 1: expected a trial as it was recorded, received curve: expected array",
    ],
    [
      "update trials set curve = '[]' where id = 0",
      "trial 1: expected a trial as it was recorded, received curve: expected 1 epochs, received 0",
    ],
    ["update trials set accuracy = 'NaN' where id = 0", "accuracy: expected number, received NaN"],
    ["update trials set parent = 7 where id = 1", "parent: expected an earlier trial, received 7"],
    ["update trials set epochs = -3 where id = 0", "epochs: Too small"],
    [
      "delete from trials where id = 0",
      "study photos, trial 1: expected the next of those before it, received trial 2",
    ],
    [
      "update studies set settings = '[]'",
      "study photos: expected a study as it was begun, received settings: expected record, received array",
    ],
    ["update studies set settings = 'null'", "settings: expected record, received null"],
    ["update studies set kind = 'x'", "kind: "],
  ])(
    "%s",
    async (statement, message) => {
      await rm(place("rows"), { recursive: true });
      await cp(place("rows-whole"), place("rows"), { recursive: true });
      const database = new PGlite(place("rows", "database"));
      await database.exec(statement);
      await database.close();
      // A look and a search read the same rows.
      for (const words of statement.includes("subject")
        ? [search(), ["study", "show", place("rows")]]
        : [["study", "show", place("rows")]]) {
        const { code, stderr } = await bantam(words);
        expect(stderr).not.toContain("internal");
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
      }
    },
    60_000,
  );

  test("of another kind of settings are other settings, and --overwrite begins the study anew", async () => {
    const database = new PGlite(place("rows", "database"));
    await database.exec("update studies set kind = 'search', settings = '{}'");
    await database.close();
    expect(await bantam(search())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("or --overwrite to begin anew"),
    });
    const { code, stderr } = await bantam(search("--overwrite"));
    expect(code).toBe(0);
    expect(stderr).not.toContain("going on");
  }, 60_000);
});
