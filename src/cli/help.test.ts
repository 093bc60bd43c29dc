import { expect, test } from "vitest";
import { defineCommand } from "./command.js";
import { commandHelp, overviewHelp } from "./help.js";
import { parseCommandLine } from "./parse.js";
import { createPaint, displayWidth } from "./terminal.js";
import { echo } from "./testing/commands.js";

const plain = (width: number) => ({ paint: createPaint(false), colour: false, width });
const fit = defineCommand({
  name: "fit",
  summary: "Find and train a network that keeps a budget",
  run: () => null,
  show: () => "",
});

test("the overview", () => {
  expect(overviewHelp([fit, echo], plain(80))).toMatchInlineSnapshot(`
    "AutoML for vision networks that must fit: labelled images and a budget in, a
    trained network out.

    Usage
      bantam COMMAND [options]

    Commands
      fit   Find and train a network that keeps a budget
      echo  Give back what was understood

    Options
      --json         print one JSON document to stdout and nothing else
      --quiet        no progress; only the result (a line, where it lies in files),
                     warnings and errors
      --no-color     no colours; the variable NO_COLOR does the same
      -h, --help     print this help
      -V, --version  print the version

    \`bantam COMMAND --help\` tells more about a command.
    "
  `);
});

test("a command", () => {
  expect(commandHelp(echo, plain(80))).toMatchInlineSnapshot(`
    "Give back what was understood

    Takes one of everything, so that help, parsing and types can be seen together.

    Usage
      bantam echo DATA [PIXELS…] --out PATH [options]

    Arguments
      DATA     folder of images
      PIXELS…  input sides

    Options
      --max-macs COUNT  multiply-accumulates per image, at most
      --memory BYTES    peak activation memory, at most [default 256kB]
      --time TIME       how long to go on [default 10m]
      --network NAME    what to train: mobilenet-v1, mobilenet-v2
                        [default mobilenet-v2]
      --threads N       processor threads [env BANTAM_THREADS]
      --width FACTOR    width multiplier [default 1]
      --name TEXT       what to call it
      --out PATH        folder for the results [required]
      --overwrite       replace earlier results
      --no-calibrate    leave out the calibration

    Common options
      --json      print one JSON document to stdout and nothing else
      --quiet     no progress; only the result (a line, where it lies in files),
                  warnings and errors
      --no-color  no colours; the variable NO_COLOR does the same
      -h, --help  print this help

    Examples
      bantam echo photos --max-macs 5M --out runs
          everything else as it comes
    "
  `);
});

test("a command in a narrow terminal", () => {
  expect(commandHelp(echo, plain(48))).toMatchInlineSnapshot(`
    "Give back what was understood

    Takes one of everything, so that help, parsing
    and types can be seen together.

    Usage
      bantam echo DATA [PIXELS…] --out PATH
        [options]

    Arguments
      DATA     folder of images
      PIXELS…  input sides

    Options
      --max-macs COUNT  multiply-accumulates per
                        image, at most
      --memory BYTES    peak activation memory, at
                        most [default 256kB]
      --time TIME       how long to go on
                        [default 10m]
      --network NAME    what to train: mobilenet-v1,
                        mobilenet-v2
                        [default mobilenet-v2]
      --threads N       processor threads
                        [env BANTAM_THREADS]
      --width FACTOR    width multiplier [default 1]
      --name TEXT       what to call it
      --out PATH        folder for the results
                        [required]
      --overwrite       replace earlier results
      --no-calibrate    leave out the calibration

    Common options
      --json      print one JSON document to stdout
                  and nothing else
      --quiet     no progress; only the result (a
                  line, where it lies in files),
                  warnings and errors
      --no-color  no colours; the variable NO_COLOR
                  does the same
      -h, --help  print this help

    Examples
      bantam echo photos --max-macs 5M --out runs
          everything else as it comes
    "
  `);
});

test("the examples can be typed", () => {
  for (const [line] of echo.examples!) {
    expect(parseCommandLine(line.split(" ").slice(1), [echo], { env: {}, view: plain(80) }).kind).toBe("run");
  }
});

test("no line is wider than the terminal, nor than a hundred columns", () => {
  for (const width of [48, 60, 80, 100, 300]) {
    for (const line of commandHelp(echo, plain(width)).split("\n")) {
      expect(displayWidth(line), line).toBeLessThanOrEqual(Math.min(width, 100));
    }
  }
});

test("colours change nothing but the colours", () => {
  const coloured = commandHelp(echo, { paint: createPaint(true), colour: false, width: 80 });
  expect(coloured).toContain("\x1b[1mOptions\x1b[22m");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what an escape sequence begins with
  expect(coloured.replace(/\x1b\[\d+m/g, "")).toBe(commandHelp(echo, plain(80)));
});
