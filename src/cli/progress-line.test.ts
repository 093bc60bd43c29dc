import { describe, expect, test } from "vitest";
import { createProgress } from "./progress-line.js";
import { displayWidth } from "./terminal.js";
import { FakeOutput } from "./testing/fake-io.js";

function progressOn(options: { interactive: boolean; colour?: boolean; columns?: number }) {
  const stream = new FakeOutput();
  stream.columns = options.columns ?? 80;
  const clock = { ms: 0 };
  const progress = createProgress(stream, {
    colour: options.colour ?? false,
    interactive: options.interactive,
    now: () => clock.ms,
  });
  return { stream, clock, progress };
}

/** What a terminal shows after these writes: carriage return and "erase to the end of the line" are all that is used. */
function screen(text: string): string[] {
  const lines: string[][] = [[]];
  let column = 0;
  for (const character of text.replaceAll("\x1b[K", "\v")) {
    const line = lines.at(-1)!;
    if (character === "\r") column = 0;
    else if (character === "\v") line.length = column;
    else if (character === "\n") {
      lines.push([]);
      column = 0;
    } else line[column++] = character;
  }
  return lines.map((line) => line.join(""));
}

const update = { text: "trial 12 of 40", fraction: 0.3, columns: ["best 88.4 %", "3.1 M MACs"], secondsLeft: 125 };

describe("on a terminal", () => {
  test("one line is drawn in place and gone at the end", () => {
    const { stream, clock, progress } = progressOn({ interactive: true });
    progress.phase("search");
    clock.ms = 200;
    progress.update(update);
    expect(screen(stream.text)).toEqual([
      "search  ━━━━━━──────────────   30 %  trial 12 of 40  best 88.4 %  2 m 05 s left",
    ]);
    progress.done();
    expect(screen(stream.text)).toEqual([""]);
  });

  test("permanent lines stand above the live one", () => {
    const { stream, progress } = progressOn({ interactive: true });
    progress.line("before");
    progress.update(update);
    progress.line("between");
    expect(screen(stream.text)).toEqual(["before", "between", expect.stringContaining("trial 12 of 40")]);
    progress.done();
    progress.line("after");
    expect(screen(stream.text)).toEqual(["before", "between", "after", ""]);
  });

  test("it is drawn at most ten times a second, with the newest state", () => {
    const { stream, clock, progress } = progressOn({ interactive: true });
    for (clock.ms = 0; clock.ms < 1000; clock.ms++) progress.update({ text: `step ${clock.ms}` });
    expect(stream.writes).toHaveLength(10);
    expect(screen(stream.text)).toEqual(["step 900"]);
    progress.line("a line is a reason to redraw");
    expect(screen(stream.text).at(-1)).toBe("step 999");
  });

  test("it never fills the last column, and gives up the least important first", () => {
    const drawn = [120, 80, 70, 56, 30, 12].map((columns) => {
      const { stream, progress } = progressOn({ interactive: true, columns });
      progress.phase("search");
      progress.done();
      stream.text = "";
      progress.update(update);
      const line = screen(stream.text)[0]!;
      expect(displayWidth(line)).toBeLessThan(columns);
      return line;
    });
    expect(drawn).toMatchInlineSnapshot(`
      [
        "search  ━━━━━━──────────────   30 %  trial 12 of 40  best 88.4 %  3.1 M MACs  2 m 05 s left",
        "search  ━━━━━━──────────────   30 %  trial 12 of 40  best 88.4 %  2 m 05 s left",
        "search  ━━━━━━──────────────   30 %  trial 12 of 40  2 m 05 s left",
        "search   30 %  trial 12 of 40  2 m 05 s left",
        "search   30 %  trial 12 of 40",
        "search   3…",
      ]
    `);
  });

  test("a terminal that does not tell its width is taken for 80 columns", () => {
    const { stream, progress } = progressOn({ interactive: true, columns: 0 });
    progress.update({ text: "x".repeat(100) });
    expect(displayWidth(screen(stream.text)[0]!)).toBe(79);
  });

  test("wide characters count twice and control characters do nothing", () => {
    const { stream, progress } = progressOn({ interactive: true, columns: 20 });
    progress.update({ text: "猫".repeat(30) });
    expect(screen(stream.text)).toEqual([`${"猫".repeat(9)}…`]);
    progress.done();
    progress.update({ text: "a\x1b[2J\nb" });
    expect(screen(stream.text)).toEqual(["a�[2J b"]);
  });

  test("the bar and the phase are coloured, where colours are wanted", () => {
    const { stream, progress } = progressOn({ interactive: true, colour: true });
    progress.phase("search", "x");
    expect(stream.text).toContain("\x1b[1msearch\x1b[22m  x");
  });

  test("100 % is said only when all is done", () => {
    const { stream, progress } = progressOn({ interactive: true });
    progress.update({ text: "", fraction: 0.999 });
    expect(stream.text).toContain(" 99 %");
    progress.done();
    progress.update({ text: "", fraction: 1 });
    expect(stream.text).toContain("100 %");
  });

  test("odd figures leave their place empty", () => {
    const { stream, progress } = progressOn({ interactive: true });
    progress.update({ text: "step", fraction: Number.NaN, secondsLeft: Number.POSITIVE_INFINITY });
    expect(screen(stream.text)).toEqual(["step"]);
  });
});

describe("elsewhere", () => {
  test("plain lines, without a single control character", () => {
    const { stream, clock, progress } = progressOn({ interactive: false, colour: true });
    progress.phase("search", "40 trials");
    clock.ms = 6000;
    progress.update(update);
    progress.line("a new best");
    progress.done();
    expect(stream.text).toBe(
      "search · 40 trials\nsearch · 30 % · trial 12 of 40 · best 88.4 % · 3.1 M MACs · 2 m 05 s left\na new best\n",
    );
  });

  test("one every five seconds at first, and rarer as it takes longer", () => {
    const { stream, clock, progress } = progressOn({ interactive: false });
    progress.phase("train");
    const linesUntil = (seconds: number) => {
      for (; clock.ms <= seconds * 1000; clock.ms += 100) progress.update({ text: "step", fraction: 0.5 });
      return stream.writes.length - 1;
    };
    expect(linesUntil(60)).toBe(12);
    expect(linesUntil(3600)).toBeLessThan(100);
    expect(linesUntil(86_400)).toBeLessThan(200);
  });

  test("the end of a phase is told once, however soon it comes", () => {
    const { stream, clock, progress } = progressOn({ interactive: false });
    progress.phase("train");
    clock.ms = 10;
    progress.update({ text: "epoch 1", fraction: 0.5 });
    progress.update({ text: "epoch 2", fraction: 1 });
    progress.update({ text: "epoch 2", fraction: 1 });
    expect(stream.text).toBe("train\ntrain · 100 % · epoch 2\n");
  });
});
