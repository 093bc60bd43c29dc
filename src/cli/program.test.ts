import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, InfeasibleError, InterruptedError, UsageError } from "../base/index.js";
import { type AnyCommand, type Context, defineCommand } from "./command.js";
import { main } from "./program.js";
import { echo } from "./testing/commands.js";
import { createFakeIo } from "./testing/fake-io.js";

/** A command whose work is the test's. */
function command(work: (context: Context) => unknown, shows: "stdout" | "stderr" = "stdout"): AnyCommand {
  return defineCommand({
    name: "work",
    summary: "Work",
    shows,
    run: async (_, context) => work(context),
    show: (result) => `worked: ${result}`,
    ...(shows === "stderr" && { brief: (result) => `runs/work: ${result}` }),
  });
}

const failing = (error: unknown) =>
  command(() => {
    throw error;
  });

async function run(argv: string, commands: readonly AnyCommand[], io = createFakeIo()) {
  const code = await main(argv.split(" ").filter(Boolean), commands, io);
  return { code, out: io.stdout.text, err: io.stderr.text, io };
}

const facts = { at: "photos/cat", expected: "an image", received: "a text file", hint: "remove it" };

describe("the exit code says how it ended", () => {
  test.each<[string, AnyCommand, number]>([
    ["work", command(() => 1), 0],
    ["work", failing(new DataError(facts)), 1],
    ["work", failing(new UsageError(facts)), 2],
    ["work", failing(new InfeasibleError(facts)), 3],
    ["work", failing(new InterruptedError(facts)), 130],
    ["work", failing(new TypeError("x is not a function")), 1],
    ["work", failing("a text"), 1],
    ["work", failing(undefined), 1],
    ["work --wrong", command(() => 1), 2],
    ["", command(() => 1), 0],
    ["nothing", command(() => 1), 2],
    ["--help", command(() => 1), 0],
    ["work --help", command(() => 1), 0],
    ["--version", command(() => 1), 0],
  ])("bantam %s (%#)", async (argv, work, code) => {
    expect((await run(argv, [work])).code).toBe(code);
    expect((await run(`${argv} --json`, [work])).code).toBe(code);
  });
});

describe("what is printed where", () => {
  test("the product to stdout, everything else to stderr", async () => {
    const work = command(({ progress, warn }) => {
      progress.phase("search", "12 trials");
      progress.line("trial 1");
      progress.line("one image is black", "warning");
      warn("one image is white");
      return 42;
    });
    expect(await run("work", [work])).toMatchObject({
      out: "worked: 42\n",
      err: "search · 12 trials\ntrial 1\nwarning: one image is black\nwarning: one image is white\n",
    });
    expect(await run("work --quiet", [work])).toMatchObject({
      out: "worked: 42\n",
      err: "warning: one image is black\nwarning: one image is white\n",
    });
    expect(await run("work --json", [work])).toMatchObject({ out: "42\n", err: expect.stringContaining("trial 1\n") });
  });

  test("a summary of what lies in files goes to stderr, and as a line to stdout when quiet", async () => {
    const work = command(() => 42, "stderr");
    expect(await run("work", [work])).toMatchObject({ out: "", err: "worked: 42\n" });
    expect(await run("work --quiet", [work])).toMatchObject({ out: "runs/work: 42\n", err: "" });
    expect(await run("work --quiet --json", [work])).toMatchObject({ out: "42\n", err: "" });
  });

  test("help and version to stdout", async () => {
    expect(await run("--version", [echo])).toMatchObject({ out: "1.2.3\n", err: "" });
    expect(await run("echo --help", [echo])).toMatchObject({ out: expect.stringMatching(/^Give back.*\n\n/), err: "" });
    const help = await run("echo --help --json", [echo]);
    expect(JSON.parse(help.out).help).toBe((await run("echo --help", [echo])).out);
  });
});

describe("errors", () => {
  test("of the user: where, expected, received, hint; in JSON as data", async () => {
    const { out, err } = await run("work --json", [failing(new DataError(facts))]);
    expect(err).toBe("error: photos/cat: expected an image, received a text file\n  hint: remove it\n");
    expect(JSON.parse(out)).toEqual({ error: { code: "data", ...facts } });
    const bare = await run("work --json", [failing(new DataError({ at: "a", expected: "b", received: "c" }))]);
    expect(JSON.parse(bare.out)).toEqual({
      error: { code: "data", at: "a", expected: "b", received: "c", hint: null },
    });
  });

  test("of usage: all together, and where to read on", async () => {
    const { out, err } = await run("echo a --width x --threads 0 --out r --json", [echo]);
    expect(err).toBe(
      'error: --threads: expected at least 1, received "0"\n' +
        'error: --width: expected a number such as "0.5", received "x"\n' +
        "see `bantam echo --help`\n",
    );
    const { error } = JSON.parse(out);
    expect(error).toMatchObject({ code: "usage", at: "--threads", also: [{ code: "usage", at: "--width" }] });
  });

  test("of ours: marked as internal, with a stack only for debugging", async () => {
    const broken = failing(new TypeError("x is not a function"));
    const { out, err } = await run("work --json", [broken]);
    expect(err).toMatch(/^internal: x is not a function\n {2}this is a mistake in Bantam.*please report it/);
    expect(err).not.toContain("program.test");
    expect(JSON.parse(out).error).toMatchObject({ code: "internal", received: "x is not a function" });
    expect((await run("work", [broken], createFakeIo({ BANTAM_DEBUG: "1" }))).err).toContain("program.test");
    expect((await run("work", [failing(new Error("internal: no such op"))])).err).toMatch(/^internal: no such op\n/);
  });

  test("cannot steer the terminal", async () => {
    const { err } = await run("work", [failing(new DataError({ ...facts, at: "cat\x1b[2J\r.png" }))]);
    expect(err).toMatch(/^error: cat�\[2J�\.png:/);
  });
});

describe("with --json stdout is one document, whatever happens", () => {
  const commands = [echo, failing(new Error("broken"))];
  test("for any command line", async () => {
    const word = fc.oneof(
      fc.constantFrom("echo", "work", "a", "--out", "r", "--help", "--version", "--quiet", "--width", "x", "help"),
      fc.string().filter((text) => text !== "--"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const io = createFakeIo();
        const code = await main(["--json", ...argv], commands, io);
        expect(io.stdout.text).toMatch(/^[^\n]+\n$/);
        const document = JSON.parse(io.stdout.text);
        expect(document?.error === undefined).toBe(code === 0);
        expect([0, 1, 2]).toContain(code);
      }),
      { numRuns: 200 },
    );
  });

  test("for a result that is nothing", async () => {
    expect((await run("work --json", [command(() => undefined)])).out).toBe("null\n");
  });
});

describe("colours", () => {
  const work = failing(new DataError(facts));
  const red = "\x1b[31merror\x1b[39m: photos";
  test.each<[string, boolean, Record<string, string>, boolean]>([
    ["work", true, {}, true],
    ["work", false, {}, false],
    ["work --no-color", true, {}, false],
    ["--no-color work", true, {}, false],
    ["work", true, { NO_COLOR: "1" }, false],
    ["work", true, { NO_COLOR: "" }, true],
    ["work", true, { TERM: "dumb" }, false],
  ])("bantam %s, terminal %s, %o: %s", async (argv, isTTY, env, coloured) => {
    const io = createFakeIo(env);
    io.stderr.isTTY = isTTY;
    const { err } = await run(argv, [work], io);
    expect(err.includes(red)).toBe(coloured);
    expect(err.includes("\x1b")).toBe(coloured);
  });
});

describe("streams that fail", () => {
  test("a reader that went away is no error", async () => {
    const io = createFakeIo();
    io.stdout.fails = Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });
    expect(await run("work", [command(() => 1)], io)).toMatchObject({ code: 0, err: "" });
    io.stderr.fails = io.stdout.fails;
    expect(await run("work", [failing(new DataError(facts))], io)).toMatchObject({ code: 1 });
  });

  test("a full disk behind stdout is", async () => {
    const io = createFakeIo();
    io.stdout.fails = Object.assign(new Error("write ENOSPC"), { code: "ENOSPC", syscall: "write" });
    const { code, err } = await run("work --json", [command(() => 1)], io);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: stdout: .*full disk/);
  });
});

describe("Ctrl-C", () => {
  test("stops the work at its next step, and its error tells how to resume", async () => {
    const io = createFakeIo();
    const work = command(async ({ signal }) => {
      io.signals.emit("SIGINT", "SIGINT");
      expect(signal.aborted).toBe(true);
      throw new InterruptedError({
        at: "runs/a",
        expected: "the end",
        received: "SIGINT",
        hint: "resume with: bantam fit --resume runs/a",
      });
    });
    const { code, err } = await run("work", [work], io);
    expect(code).toBe(130);
    expect(err).toBe(
      "stopping after this step; press Ctrl-C again to stop at once\n" +
        "interrupted: SIGINT\n  resume with: bantam fit --resume runs/a\n",
    );
    expect(io.signals.eventNames(), "the signals are handed back").toEqual([]);
  });

  test.each([
    ["throwIfAborted", (signal: AbortSignal) => signal.throwIfAborted()],
    [
      "an AbortError of the platform",
      () => {
        throw new DOMException("aborted", "AbortError");
      },
    ],
  ])("is what stopped it, also by way of %s", async (_, stop) => {
    const io = createFakeIo();
    const work = command(({ signal }) => {
      io.signals.emit("SIGTERM", "SIGTERM");
      stop(signal);
    });
    const { code, out } = await run("work --json", [work], io);
    expect(code).toBe(130);
    expect(JSON.parse(out).error).toMatchObject({ code: "interrupted", received: "SIGTERM" });
  });

  test("pressed again ends the process at once", async () => {
    const io = createFakeIo();
    const work = command(() => {
      io.signals.emit("SIGINT", "SIGINT");
      io.clock.ms = 1000;
      io.signals.emit("SIGINT", "SIGINT");
    });
    await run("work", [work], io);
    expect(io.exits).toEqual([130]);
  });

  test("does not undo what was finished", async () => {
    const io = createFakeIo();
    const work = command(() => {
      io.signals.emit("SIGINT", "SIGINT");
      return 42;
    });
    expect(await run("work", [work], io)).toMatchObject({ code: 0, out: "worked: 42\n" });
  });
});
