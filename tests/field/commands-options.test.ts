/** Every number that can be typed: what is refused names the option as it was typed, with the limit that the help says. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/index.js";
import { commands } from "../../src/cli/commands/index.js";
import { parseCommandLine } from "../../src/cli/parse.js";
import { SeveralErrors } from "../../src/cli/several.js";
import { createPaint } from "../../src/cli/terminal.js";
import { makePhotos } from "../photos.js";
import { createPlace } from "../place.js";

const { place, bantam } = createPlace();

beforeAll(async () => {
  await makePhotos(place("photos"), 6);
}, 60_000);

type Limits = { readonly min?: number; readonly max?: number };

const numbers = commands.flatMap((command) =>
  Object.entries(command.options).flatMap(([name, option]) =>
    "kind" in option && ["integer", "number", "count", "bytes", "duration"].includes(option.kind)
      ? [[command.name, name, option as Limits] as const]
      : [],
  ),
);

/** What the command line says of `--NAME TEXT`; the rest of the line is as short as may be. */
function refusals(command: string, name: string, text: string): readonly UsageError[] {
  const { arguments: positional } = commands.find((each) => each.name === command)!;
  const words = Object.values(positional).map((argument) => ("of" in argument ? argument.of[0]! : "a"));
  const view = { paint: createPaint(false), colour: false, width: 80 };
  try {
    parseCommandLine([command, ...words, `--${name}=${text}`], commands, { env: {}, view });
  } catch (error) {
    if (error instanceof SeveralErrors) return error.errors as UsageError[];
    return [error as UsageError];
  }
  return [];
}

describe("a number that is none, or out of its limits", () => {
  test.each(numbers)("%s --%s", (command, name, { min, max }) => {
    const about = (text: string) => refusals(command, name, text).filter(({ facts }) => facts.at === `--${name}`);
    for (const text of ["NaN", "-Infinity", "1e999", "zero", "1,5", "0x10", "٣", ""]) {
      const [error] = about(text);
      expect(error, text).toBeInstanceOf(UsageError);
      expect(error!.facts.expected).not.toMatch(/undefined|NaN/);
    }
    if (min !== undefined && min > 0) expect(about("0")[0]?.facts.expected, "0").toMatch(/^at least |such as/);
    if (min !== undefined && min >= 0) expect(about("-1"), "-1").toHaveLength(1);
    if (max !== undefined) expect(about(`${"9".repeat(15)}`)[0]?.facts.expected, "large").toMatch(/^at most |such as/);
  });
});

describe("a side of a picture that the help allows is trained at", () => {
  test.each(["8", "12", "15"])("%s px", async (side) => {
    const words = ["--network", "mobilenet-v3-small-0.25", "--resolution", side, "--epochs", "1", "--device", "cpu"];
    const out = place(`at-${side}`);
    const { code, stderr } = await bantam("train", place("photos"), ...words, "--out", out);
    expect(code, stderr).toBe(0);
    const model = join(out, "model.onnx");
    const measured = JSON.parse((await bantam("eval", model, place("photos"), "--json")).stdout);
    expect(measured.count).toBeGreaterThan(0);
    expect((await bantam("predict", model, place("photos", "cross", "0.png"))).code).toBe(0);
  });

  test.each([
    [["--resolution", "7"], "--resolution: expected at least 8, received"],
    [["--resolution", "2049"], "--resolution: expected at most 2048, received"],
    [["--learning-rate", "0"], "--learning-rate: expected a finite number above 0, received 0"],
    [["--seed", "9007199254740993"], '--seed: expected at most 15 digits, received "9007199254740993"'],
  ])("%j is refused by its name", async (words, message) => {
    const network = ["--network", "mobilenet-v3-small-0.25", "--device", "cpu"];
    const { code, stderr } = await bantam("train", place("photos"), ...network, ...words, "--out", place("never"));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
