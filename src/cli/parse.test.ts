import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closest, UsageError } from "../base/index.js";
import { parseCommandLine } from "./parse.js";
import { SeveralErrors } from "./several.js";
import { createPaint } from "./terminal.js";
import { echo } from "./testing/commands.js";

const view = { paint: createPaint(false), colour: false, width: 80 };

function parse(argv: string | readonly string[], env: Record<string, string> = {}) {
  return parseCommandLine(typeof argv === "string" ? argv.split(" ") : argv, [echo], { env, view });
}

function valuesOf(argv: string | readonly string[], env: Record<string, string> = {}) {
  const line = parse(argv, env);
  return line.kind === "run" ? line.values : line;
}

function mistakes(argv: string | readonly string[], env: Record<string, string> = {}): string[] {
  try {
    parse(argv, env);
  } catch (error) {
    if (error instanceof SeveralErrors) return error.errors.map(({ message }) => message);
    if (error instanceof UsageError) return [error.message];
    throw error;
  }
  throw new Error("the command line was understood");
}

describe("values", () => {
  test("defaults where nothing is given", () => {
    expect(valuesOf("echo photos --out runs")).toEqual({
      data: "photos",
      sizes: [],
      maxMacs: undefined,
      memory: 256_000,
      time: 600,
      network: "mobilenet-v2",
      threads: undefined,
      width: 1,
      name: undefined,
      out: "runs",
      overwrite: false,
      calibrate: true,
    });
  });

  test("everything given, options before, between and after", () => {
    const line =
      "--json echo --max-macs 1.5M photos --memory=1MiB --time 1h30m 32 64 --network mobilenet-v1 --threads 4 --width -0.5e1 " +
      "--name=--odd --out=r --overwrite --no-calibrate";
    expect(mistakes(line)).toEqual([expect.stringMatching(/^--name: expected a text, received the option --odd/)]);
    expect(valuesOf(line.replace("--name=--odd", "--name odd"))).toEqual({
      data: "photos",
      sizes: [32, 64],
      maxMacs: 1_500_000,
      memory: 1_048_576,
      time: 5400,
      network: "mobilenet-v1",
      threads: 4,
      width: -5,
      name: "odd",
      out: "r",
      overwrite: true,
      calibrate: false,
    });
  });

  test("an environment variable counts where the option is not given, and is checked as well", () => {
    expect(valuesOf("echo a --out r", { BANTAM_THREADS: "3" })).toMatchObject({ threads: 3 });
    expect(valuesOf("echo a --out r --threads 2", { BANTAM_THREADS: "3" })).toMatchObject({ threads: 2 });
    expect(valuesOf("echo a --out r", { BANTAM_THREADS: "" })).toMatchObject({ threads: undefined });
    expect(mistakes("echo a --out r", { BANTAM_THREADS: "many" })).toEqual([
      'BANTAM_THREADS: expected a whole number, received "many"',
    ]);
  });

  test("what stands after -- is never an option", () => {
    expect(valuesOf("echo --out r -- --json")).toMatchObject({ data: "--json" });
  });

  test("integers in any form that is not plain digits are refused", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/^-?\d+$/.test(text)),
        (text) => {
          expect(mistakes(["echo", "a", "--out", "r", `--threads=${text}`])[0]).toMatch(
            /^--threads: expected a whole number/,
          );
        },
      ),
    );
  });

  test("numbers are read as they were written", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 1, max: 64 }),
        (width, threads) => {
          const values = valuesOf(["echo", "a", "--out", "r", `--width=${width}`, "--threads", String(threads)]);
          expect(values).toMatchObject({ width: width === 0 ? expect.closeTo(0) : width, threads });
        },
      ),
    );
  });

  test("every line ends in values, help, or mistakes that say where", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "echo",
        "--out",
        "r",
        "--json",
        "--help",
        "-h",
        "--version",
        "--",
        "-",
        "--max-macs",
        "5M",
        "help",
        "--no-calibrate",
      ),
      fc.string(),
      fc.string().map((text) => `--${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        try {
          expect(["run", "help", "version"]).toContain(parse(argv).kind);
        } catch (error) {
          for (const one of error instanceof SeveralErrors ? error.errors : [error]) {
            if (!(one instanceof UsageError)) throw error;
            expect(one.facts.at).not.toBe("");
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("mistakes name the option, what was expected, what came and what to do", () => {
  test.each([
    ["ehco", 'bantam: expected a command (echo), received "ehco"\n  hint: did you mean "bantam echo"?'],
    ["train", 'bantam: expected a command (echo), received "train"'],
    ["echo --out r", "DATA: expected a path, received nothing\n  hint: folder of images"],
    ["echo a", "--out: expected a path, received nothing\n  hint: folder for the results"],
    ["echo a --out", "--out: expected a path, received nothing\n  hint: write --out PATH"],
    ["echo a --out --overwrite", "--out: expected a path, received the option --overwrite\n  hint: write --out PATH"],
    [
      "echo a --out r --max-mac 5M",
      "--max-mac: expected an option of `bantam echo`, received an unknown one\n  hint: did you mean --max-macs?",
    ],
    [
      "echo a --out r --wdith=2",
      "--wdith: expected an option of `bantam echo`, received an unknown one\n  hint: did you mean --width?",
    ],
    [
      "echo a --out r --jsno",
      "--jsno: expected an option of `bantam echo`, received an unknown one\n  hint: did you mean --json?",
    ],
    ["echo a --out r --xyzzy", "--xyzzy: expected an option of `bantam echo`, received an unknown one"],
    [
      "echo a --out r --max-macs 5m",
      '--max-macs: expected a count such as "300000", "100k" or "1.5G", received "5m"\n  hint: "M" is a million',
    ],
    ["echo a --out r --max-macs 0", '--max-macs: expected at least 1, received "0"'],
    ["echo a --out r --time 2d", '--time: expected at most 24h, received "2d"'],
    [
      "echo a --out r --memory 1kb",
      '--memory: expected a size in bytes such as "512", "256kB" or "1MiB", received "1kb"\n  hint: known units are B, kB, MB, GB, TB (1000 each) and KiB, MiB, GiB, TiB (1024 each)',
    ],
    [
      "echo a --out r --network mobilenetv1",
      '--network: expected one of mobilenet-v1, mobilenet-v2, received "mobilenetv1"\n  hint: did you mean "mobilenet-v1"?',
    ],
    ["echo a --out r --threads 65", '--threads: expected at most 64, received "65"'],
    ["echo a --out r --width NaN", '--width: expected a number such as "0.5", received "NaN"'],
    ["echo a 1 2.5 --out r", 'PIXELS…: expected a whole number, received "2.5"'],
  ])("bantam %s", (line, message) => {
    expect(mistakes(line)).toEqual([message]);
  });

  test("all wrong values are reported together", () => {
    expect(mistakes("echo a 0 --width x --threads 0")).toEqual([
      'PIXELS…: expected at least 1, received "0"',
      '--threads: expected at least 1, received "0"',
      '--width: expected a number such as "0.5", received "x"',
      "--out: expected a path, received nothing\n  hint: folder for the results",
    ]);
  });

  test("an option is looked up in the command that was named, not in a later word", () => {
    expect(mistakes("nonsense echo --out r")[0]).toContain('received "nonsense"');
  });
});

test("help and version", () => {
  for (const line of ["--help", "-h", "help", [], "--json"])
    expect(parse(line)).toMatchObject({ kind: "help", text: expect.stringMatching(/Commands/) });
  for (const line of ["echo --help", "echo -h", "help echo", "echo a --help"]) {
    expect(parse(line)).toMatchObject({ kind: "help", text: expect.stringMatching(/Usage\n {2}bantam echo DATA/) });
  }
  for (const line of ["--version", "-V"]) expect(parse(line)).toEqual({ kind: "version" });
});

test("closest", () => {
  const names = ["mobilenet-v3-small", "mobilenet-v3-large", "efficientnet-b0"];
  expect(closest("mobilenet-v3-smal", names)).toBe("mobilenet-v3-small");
  expect(closest("efficientnetb0", names)).toBe("efficientnet-b0");
  expect(closest("EFFICIENTNET-B0", names)).toBe("efficientnet-b0");
  expect(closest("eff", names)).toBe("efficientnet-b0");
  expect(closest("resnet50", names)).toBeNull();
  expect(closest("", names)).toBeNull();
  expect(closest("tarin", ["train"])).toBe("train");
  expect(closest("x".repeat(1_000_000), names)).toBeNull();
});
