/** A folder is one job's: what is finished is not overwritten, nothing is deleted unasked, and a failed command leaves nothing. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createField, makeNoise } from "./folders-fixtures.js";

const { place, bantam, contents } = createField();

const amounts = ["--trials", "2", "--epochs", "2", "--time", "60s"];
const fit = (out: string, ...more: string[]) => [
  ...["fit", place("a", "photos"), "--max-params", "20k", "--device", "cpu", "--out", place(out)],
  ...(more.includes("--time") ? more : [...amounts, ...more]),
];
const train = (out: string, ...more: string[]) => [
  ...["train", place("a", "photos"), "--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--epochs", "1"],
  ...["--out", place(out), ...more],
];

beforeAll(async () => {
  await makeNoise(place("a", "photos"));
  await makeNoise(place("b", "photos"), 10, 2);
  for (const words of [fit("fitted"), train("trained")]) expect(await bantam(words)).toMatchObject({ code: 0 });
}, 120_000);

/** Refused with exit code 2, and not a byte of it changes. */
async function refused(out: string, words: readonly string[]): Promise<string> {
  const before = await contents(out);
  const { code, stderr } = await bantam(words);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("error: ") });
  expect(await contents(out)).toEqual(before);
  return stderr.slice(stderr.indexOf("error: "));
}

describe("a finished fit", () => {
  test.each([
    [["--max-params", "10k"], "--max-params 20000", "--max-params 10000"],
    [["--max-macs", "1M"], "--max-macs none", "--max-macs 1000000"],
    [["--seed", "7"], "--seed 0", "--seed 7"],
    [["--trials", "3"], "--trials 2", "--trials 3"],
    [["--trials", "2", "--epochs", "2", "--time", "5420s"], "--time 1m", "--time 1h30m20s"],
    [["--trials", "2", "--time", "60s"], "--epochs 2", "--epochs none"],
  ])("with %j is another", async (options, there, asked) => {
    const [, ...same] = fit("fitted", ...options);
    const stderr = await refused("fitted", ["fit", ...deduplicated(same, options)]);
    expect(stderr).toContain(
      `${place("fitted")}: expected the options of the fit that it holds (${there}), received ${asked}\n`,
    );
    expect(stderr).toContain("hint: give another --out, or --overwrite to begin anew in this one");
  });

  test("of other images of the same name, in the default folder", async () => {
    const [words, other] = [fit("fitted"), fit("fitted")];
    other[1] = place("b", "photos");
    expect(await refused("fitted", other)).toContain(
      `it holds (images ${place("a", "photos")}), received images ${place("b", "photos")}\n`,
    );
    expect(words[1]).not.toBe(other[1]);
  });

  test("of which one picture was touched", async () => {
    await cp(place("a", "photos"), place("c", "photos"), { recursive: true });
    const words = fit("touched");
    words[1] = place("c", "photos");
    expect((await bantam(words)).code).toBe(0);
    await copyFile(place("b", "photos", "dark", "3.png"), place("c", "photos", "dark", "3.png"));
    expect(await refused("touched", words)).toContain(
      `it holds (images of ${place("c", "photos")} as they were), received images others there\n`,
    );
  }, 60_000);

  test("of a training, and the other way round", async () => {
    const hint = "hint: give another --out, or --overwrite to begin anew in this one";
    const holds = (out: string, noun: string, what: string) =>
      `${place(out)}: expected an empty folder or one of a ${noun}, received one that holds a ${what} of ${place("a", "photos")}\n  ${hint}`;
    expect(await refused("trained", fit("trained"))).toContain(holds("trained", "fit", "training"));
    expect(await refused("fitted", train("fitted"))).toContain(holds("fitted", "training", "fit"));
    const search = ["search", place("a", "photos"), "--max-params", "20k", "--study", place("fitted")];
    expect(await refused("fitted", search)).toContain(
      "expected an empty folder or one of a search, received one that holds a fit",
    );
    const scaling = ["scaling-search", place("a", "photos"), "--study", place("fitted")];
    expect(await refused("fitted", scaling)).toContain("expected an empty folder or one of a scaling experiment");
  });

  test("again is said to be finished, and only written again, to the same bytes", async () => {
    const before = await contents("fitted");
    const { code, stderr } = await bantam(fit("fitted"));
    expect(code).toBe(0);
    expect(stderr).toContain(
      `the fit in ${place("fitted")} is finished, with 2 finished trials: only its files are written anew\n`,
    );
    expect(stderr).not.toMatch(/^(trial {2}|epoch )/m);
    const after = await contents("fitted");
    for (const file of ["model.safetensors", "model.onnx", "checkpoints/best.safetensors"])
      expect(after[file], file).toBe(before[file]);
  });

  test("goes on with other threads and of another version, and says so", async () => {
    await cp(place("fitted"), place("elsewhere"), { recursive: true });
    const run = await readFile(place("elsewhere", "run.json"), "utf8");
    await writeFile(place("elsewhere", "run.json"), run.replace(/"bantam": ".*"/, '"bantam": "0.0.9"'));
    const before = await contents("elsewhere");
    const { code, stderr } = await bantam(fit("elsewhere", "--threads", "2", "--quiet"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: begun with Bantam 0\.0\.9, going on with \d.*: the results may be others$/m);
    expect(stderr).toMatch(
      /^warning: begun on .* with 1 thread, going on on .* with 2 threads: the results will be rounded differently$/m,
    );
    expect((await contents("elsewhere"))["checkpoints/best.safetensors"]).toBe(before["checkpoints/best.safetensors"]);
  });

  test("is begun anew with --overwrite, which leaves what is not Bantam's", async () => {
    await cp(place("trained"), place("replaced"), { recursive: true });
    await writeFile(place("replaced", "notes.txt"), "mine");
    await writeFile(place("replaced", "checkpoints", "mine.txt"), "mine, too");
    expect((await bantam(fit("replaced", "--overwrite"))).code).toBe(0);
    expect((await readdir(place("replaced"))).toSorted()).toEqual([
      "checkpoints",
      "model.onnx",
      "model.safetensors",
      "notes.txt",
      "report.html",
      "run.json",
      "study.json",
    ]);
    expect((await readdir(place("replaced", "checkpoints"))).toSorted()).toEqual([
      "best.safetensors",
      "last.safetensors",
      "mine.txt",
    ]);
    expect((await contents("replaced"))["model.safetensors"]).toBe((await contents("fitted"))["model.safetensors"]);
  }, 60_000);
});

/** Of options given twice the later ones. */
function deduplicated(words: readonly string[], options: readonly string[]): string[] {
  const given = options.filter((word) => word.startsWith("--"));
  const before = words.slice(0, words.length - options.length);
  return [...before.filter((word, i) => !given.includes(word) && !given.includes(before[i - 1] ?? "")), ...options];
}

describe("a folder without run.json", () => {
  test.each(["model.onnx", "report.html", "study.json"])("in which a %s lies is nobody's", async (name) => {
    await mkdir(place("own", name.replace(".", "-")), { recursive: true });
    const out = `own/${name.replace(".", "-")}`;
    await writeFile(place(out, name), "mine");
    expect(await refused(out, fit(out))).toContain(
      `expected an empty folder or one of this fit, received ${name}, without a run.json that tells whose they are\n`,
    );
    if (name !== "study.json") await refused(out, train(out));
  });

  test("in which something else lies is used", async () => {
    await mkdir(place("used"));
    await writeFile(place("used", "notes.txt"), "mine");
    expect((await bantam(train("used"))).code).toBe(0);
    expect(await readFile(place("used", "notes.txt"), "utf8")).toBe("mine");
  });

  test("whose study or checkpoints tell of this job goes on, also with a damaged one", async () => {
    await cp(place("fitted"), place("lost"), { recursive: true });
    await rm(place("lost", "run.json"));
    expect(await bantam(fit("lost"))).toMatchObject({ code: 0, stderr: expect.stringContaining("is finished") });
    await writeFile(place("lost", "run.json"), "{");
    const { code, stderr } = await bantam(fit("lost"));
    expect(code).toBe(0);
    expect(stderr).toContain(
      `run.json: expected a run as this version writes it (bantam-run-1), received something that is no JSON; what ${place("lost")} holds is of this fit, and is gone on from\n`,
    );
    await rm(place("lost", "run.json"));
    expect(await refused("lost", fit("lost", "--seed", "1"))).toContain("without a run.json");
  });
});

describe("nothing is made before the input is good", () => {
  const nothing = async (out: string) => expect(await stat(place(out)).catch(() => null)).toBeNull();

  test.each([
    ["fit", [] as string[]],
    ["train", ["--network", "mobilenet-v1@16"]],
    ["search", ["--max-params", "20k"]],
    ["scaling-search", []],
    ["scaling-study", []],
  ])("%s of a folder that is not there, or has no pictures", async (command, more) => {
    await mkdir(place("empty", "class"), { recursive: true });
    const flag = ["fit", "train"].includes(command) ? "--out" : "--study";
    for (const data of ["nowhere", "empty"]) {
      const { code } = await bantam([
        command,
        place(data),
        ...more,
        flag,
        place("made", "by", command),
        "--cache",
        place("made", "cache"),
      ]);
      expect(code).not.toBe(0);
      await nothing("made");
    }
  });

  test("a limit that no network keeps, and memory that no part of a batch keeps to", async () => {
    const { code } = await bantam(["fit", place("a", "photos"), "--max-params", "10", "--out", place("infeasible")]);
    expect(code).toBe(3);
    await nothing("infeasible");
    const search = await bantam(["search", place("a", "photos"), "--max-params", "10", "--study", place("infeasible")]);
    expect(search.code).toBe(3);
    await nothing("infeasible");
    const absurd = await bantam(train("absurd", "--training-memory", "1kB"));
    expect(absurd.code).toBe(2);
    await nothing("absurd");
  });

  test("a run that was stopped before it had anything gives its folder to another", async () => {
    expect((await bantam(fit("early"), /^trial 1, epoch|looking for|search/m)).code).toBe(130);
    expect((await readdir(place("early"))).filter((name) => name !== "checkpoints")).toEqual(["run.json"]);
    expect((await bantam(train("early"))).code).toBe(0);
  });
});

describe("output among the images", () => {
  test.each([
    ["fit", "--out", [] as string[]],
    ["train", "--out", ["--network", "mobilenet-v1@16"]],
    ["search", "--study", ["--max-params", "20k"]],
    ["scaling-search", "--study", []],
    ["fit", "--cache", []],
  ])("%s with %s there is refused", async (command, flag, more) => {
    const before = await readdir(place("a", "photos"), { recursive: true });
    for (const out of [place("a", "photos", "runs", "x"), place("a", "photos")]) {
      const { code, stderr } = await bantam([command, place("a", "photos"), flag, out, ...more]);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `error: ${flag}: expected a folder outside the images, which are in ${place("a", "photos")}, received ${out}, `,
      );
      expect(stderr).toContain(`hint: give another, such as ${flag} `);
    }
    expect(await readdir(place("a", "photos"), { recursive: true })).toEqual(before);
  });

  test("`cd D && bantam fit .`: the default folder, too", async () => {
    const before = process.cwd();
    process.chdir(place("a", "photos"));
    try {
      for (const command of [
        ["fit", "."],
        ["train", ".", "--network", "mobilenet-v1@16"],
        ["search", ".", "--max-params", "9k"],
      ]) {
        const { code, stderr } = await bantam(command);
        expect(code).toBe(2);
        expect(stderr).toMatch(
          /expected a folder outside the images, which are in \., received runs\/\S+, which is inside it\n {2}hint: give another, such as --(out|study) \.\.\//,
        );
      }
    } finally {
      process.chdir(before);
    }
    expect(await readdir(place("a", "photos"))).toEqual(["dark", "light"]);
  });
});

describe("what must be writable is looked at first", () => {
  test.each([
    ["report.html", fit],
    ["study.json", fit],
    ["model.onnx", train],
    ["metrics.jsonl", train],
    ["checkpoints/best.safetensors", fit],
    ["checkpoints/last.safetensors", train],
  ])("a folder in the place of %s", async (name, command) => {
    const out = `blocked-${name.replace("/", "-")}`;
    await mkdir(place(out, name), { recursive: true });
    const { code, stderr } = await bantam(command(out));
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: ${place(out, name)}: expected a file or none, received a folder\n  hint: move it away, or give another folder for the results\n`,
    );
    expect(await readdir(place(out))).toEqual([name.split("/")[0]]);
  });

  test("a folder in the place of a search's page", async () => {
    for (const [name, more] of [
      ["report.html", []],
      ["report-x.html", ["--name", "x"]],
    ] as const) {
      await mkdir(place("blocked-search", name), { recursive: true });
      const words = [
        "search",
        place("a", "photos"),
        "--max-params",
        "20k",
        "--study",
        place("blocked-search"),
        ...more,
      ];
      const { code, stderr } = await bantam(words);
      expect(code).toBe(1);
      expect(stderr).toContain(`error: ${place("blocked-search", name)}: expected a file or none, received a folder\n`);
      expect(await readdir(place("blocked-search"))).toEqual([name]);
      await rm(place("blocked-search"), { recursive: true });
    }
  });

  test("a file in the place of checkpoints/, or of the folder itself", async () => {
    await mkdir(place("blocked"));
    await writeFile(place("blocked", "checkpoints"), "");
    expect((await bantam(fit("blocked"))).stderr).toContain("checkpoints: expected a folder or none, received a file");
    expect((await bantam(fit("blocked/checkpoints"))).stderr).toContain(
      "a folder that can be written, received a file where the folder should be",
    );
    expect((await bantam(fit("blocked/checkpoints/deeper"))).stderr).toContain("goes through a file");
  });

  test("what is finished lies on the disk: the report is there before the study says so", async () => {
    const { finished } = JSON.parse(await readFile(place("fitted", "study.json"), "utf8"));
    expect(finished).toBe(true);
    const [page, study] = await Promise.all([
      stat(place("fitted", "report.html")),
      stat(place("fitted", "study.json")),
    ]);
    expect(page.mtimeMs).toBeLessThanOrEqual(study.mtimeMs);
    expect(dirname(place("fitted", "report.html"))).toBe(place("fitted"));
  });
});

describe("two at once", () => {
  test("the second is refused, naming the first", async () => {
    const both = await Promise.all([bantam(fit("both")), bantam(fit("both"))]);
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    const { stderr } = both.find(({ code }) => code === 1)!;
    expect(stderr).toContain(
      `${place("both")}: expected a folder that no other process works in, received one in which process ${process.pid} on `,
    );
    expect(await readdir(place("both"))).not.toContain("run.lock");
    expect((await contents("both"))["model.safetensors"]).toBe((await contents("fitted"))["model.safetensors"]);
  }, 60_000);

  test("while a training runs, a fit is refused, and the training ends as it would", async () => {
    const results = await Promise.all([bantam(train("shared")), bantam(fit("shared"))]);
    expect(results.map(({ code }) => code).filter((code) => code === 0)).toHaveLength(1);
  }, 60_000);
});

describe("what a killed process left", () => {
  const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  const nameOf = (pid: number) => `.bantam-${host}-${pid}-x-0123abcd.tmp`;

  test.each([
    ["fit", fit, ["", "checkpoints"]],
    ["train", train, ["", "checkpoints", "checkpoints/2", "tensorboard"]],
  ])(
    "%s removes its halves and takes its lock over; a living one's stay",
    async (name, command, inner) => {
      const out = `left-by-${name}`;
      const dead = spawnSync("true").pid;
      for (const folder of inner) {
        await mkdir(place(out, folder), { recursive: true });
        await writeFile(place(out, folder, nameOf(dead)), "half");
        await writeFile(place(out, folder, nameOf(process.pid)), "half");
      }
      const owner = { pid: dead, host: hostname(), start: "1", since: "yesterday" };
      await writeFile(place(out, "run.lock"), JSON.stringify(owner));
      expect(await bantam(command(out))).toMatchObject({ code: 0 });
      const left = (await readdir(place(out), { recursive: true })).filter((path) => /tmp|lock/.test(path));
      expect(left.toSorted()).toEqual(inner.map((folder) => join(folder, nameOf(process.pid))).toSorted());
    },
    60_000,
  );

  test("a lock whose owner lives is not taken over, and is said before the images are read", async () => {
    await mkdir(place("held"));
    const owner = { pid: process.ppid, host: hostname(), start: null, since: "today" };
    await writeFile(place("held", "run.lock"), JSON.stringify(owner));
    for (const words of [fit("held"), train("held"), fit("held", "--overwrite")]) {
      const { code, stderr } = await bantam(words);
      expect(code).toBe(1);
      expect(stderr).toBe(
        `error: ${place("held")}: expected a folder that no other process works in, received one in which process ${process.ppid} on ${hostname()} has been at work since today\n  hint: wait for it, or stop it first\n`,
      );
    }
    expect(await readdir(place("held"))).toEqual(["run.lock"]);
  });
});

describe("a folder of scaling experiments", () => {
  const scaling = (command: string, ...more: string[]) => [
    ...[command, place("a", "photos"), "--study", place("scaled"), "--baseline", "mobilenet-v2-0.35@8", "--seeds", "1"],
    ...(command === "scaling-search" ? grid : few),
    ...more,
  ];
  const grid = ["--alpha-step", "1", "--beta-step", "1", "--gamma-step", "1", "--tolerance", "0"];
  const few = ["--depths", "none", "--widths", "none", "--resolutions", "none", "--settings", "none", "--phis", "1"];

  test("is shared by those of the same conditions, and refused to others", async () => {
    expect(await bantam(scaling("scaling-search", "--epochs", "1"))).toMatchObject({ code: 0 });
    expect(await refused("scaled", scaling("scaling-study", "--epochs", "2"))).toContain(
      "expected the options of the scaling experiment that it holds (--epochs 1), received --epochs 2\n  hint: give another --study, or --overwrite",
    );
    const other = scaling("scaling-search", "--epochs", "1");
    other[5] = "mobilenet-v2-0.5@8";
    expect(await refused("scaled", other)).toContain(
      "(--baseline mobilenet-v2-0.35@8), received --baseline mobilenet-v2-0.5@8\n",
    );
    expect(await refused("scaled", fit("scaled"))).toContain("received one that holds a scaling experiment of");
    const anew = await bantam(scaling("scaling-search", "--epochs", "1", "--overwrite"));
    expect(anew.code).toBe(0);
    expect(anew.stderr).not.toContain("were done before");
    const again = await bantam(scaling("scaling-search", "--epochs", "1"));
    expect(again.stderr).toContain("were done before");
  }, 60_000);
});
