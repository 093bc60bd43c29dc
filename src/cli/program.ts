/**
 * The front door: parse, call, show. What a command returns goes to stdout, everything on the way there to stderr, and
 * every way to end is an exit code: 0 done · 1 failed · 2 wrong usage · 3 no network fits the budget · 130 interrupted.
 */
import { BantamError, type ExitCode, InterruptedError, messageOf, UsageError } from "../base/index.js";
import type { AnyCommand, View } from "./command.js";
import { listenForInterrupt } from "./interrupt.js";
import { type Io, isInteractive, wantsColour, writeFully } from "./io.js";
import { commandIn, parseCommandLine } from "./parse.js";
import { createProgress, type LiveProgress } from "./progress-line.js";
import { errorFacts, SeveralErrors } from "./several.js";
import { createPaint, type Paint, printable } from "./terminal.js";

/**
 * Run one command line to its end.
 *
 * @param argv without the program's own name: `process.argv.slice(2)`.
 * @returns the exit code. Never throws, and everything written is out when it returns.
 */
export async function main(argv: readonly string[], commands: readonly AnyCommand[], io: Io): Promise<0 | ExitCode> {
  // Left in place at the end: a broken pipe may be reported after the last write.
  for (const stream of [io.stdout, io.stderr]) stream.on("error", () => {});
  const flags = flagsOf(argv);
  try {
    return await perform(argv, commands, io, flags);
  } catch (error) {
    return await report(error, argv, commands, io, flags);
  }
}

type Flags = { readonly json: boolean; readonly quiet: boolean; readonly noColour: boolean };

/** Read ahead of parsing, because an error in the command line must already keep to them. */
function flagsOf(argv: readonly string[]): Flags {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  return { json: flags.includes("--json"), quiet: flags.includes("--quiet"), noColour: flags.includes("--no-color") };
}

/** @returns 1 where one of several things failed and the others have their results; else 0. */
async function perform(
  argv: readonly string[],
  commands: readonly AnyCommand[],
  io: Io,
  flags: Flags,
): Promise<0 | ExitCode> {
  const output = (text: string) => writeFully(io.stdout, text, "stdout");
  const document = (value: unknown) => output(`${JSON.stringify(value ?? null)}\n`);
  const line = parseCommandLine(argv, commands, { env: io.env, view: viewOf(io.stdout, io, flags) });
  if (line.kind !== "run") {
    const text = line.kind === "help" ? line.text : `${io.version}\n`;
    await (flags.json ? document(line.kind === "help" ? { help: text } : { version: io.version }) : output(text));
    return 0;
  }

  const { command, values } = line;
  const colour = wantsColour(io.stderr, io.env, flags.noColour);
  const live = createProgress(io.stderr, { colour, interactive: isInteractive(io.stderr, io.env), now: io.now });
  const interrupt = listenForInterrupt(io.signals, {
    tell: (text) => live.line(text),
    exit: (code) => {
      live.done();
      io.exit(code);
    },
    now: io.now,
  });
  let failures = 0;
  const failed = (error: BantamError) => {
    failures++;
    live.line(worded(error, createPaint(colour), io.env));
  };
  const warn = (text: string) => live.line(`${createPaint(colour).yellow("warning")}: ${text}`);
  const progress: LiveProgress = {
    ...live,
    ...(flags.quiet && { phase: () => {}, update: () => {} }),
    line(text, kind) {
      if (kind === "warning") warn(text);
      else if (!flags.quiet) live.line(text);
    },
  };
  try {
    const context = { signal: interrupt.signal, progress, warn, failed, env: io.env };
    const result = await command.run(values as never, context);
    live.done();
    if (flags.json) await document(result);
    else if (flags.quiet && command.brief !== undefined) await output(`${printable(command.brief(result))}\n`);
    else {
      const stream = io[command.shows];
      const text = command.show(result, viewOf(stream, io, flags));
      if (text !== "") await writeFully(stream, text.endsWith("\n") ? text : `${text}\n`, command.shows);
    }
    if (failures === 0) return 0;
    live.line(`${createPaint(colour).red("failed")}: ${failures} of what was asked for, named above`);
    return 1;
  } catch (error) {
    // Whatever way the work noticed that it should stop, it stopped for this reason.
    throw interrupt.signal.aborted && isAbort(error) ? interrupt.signal.reason : error;
  } finally {
    live.done();
    interrupt.dispose();
  }
}

function viewOf(stream: Io["stdout"], io: Io, flags: Flags): View {
  const colour = wantsColour(stream, io.env, flags.noColour);
  return { paint: createPaint(colour), colour, width: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY };
}

/** Say what went wrong, to people on stderr and to programs on stdout. @returns the exit code */
async function report(
  error: unknown,
  argv: readonly string[],
  commands: readonly AnyCommand[],
  io: Io,
  flags: Flags,
): Promise<ExitCode> {
  const paint = createPaint(wantsColour(io.stderr, io.env, flags.noColour));
  const errors: readonly unknown[] = error instanceof SeveralErrors ? error.errors : [error];
  const parts = errors.map((one) => worded(one, paint, io.env));
  if (errors[0] instanceof UsageError) {
    const command = commandIn(argv, commands);
    parts.push(paint.dim(`see \`bantam ${command === undefined ? "" : `${command.name} `}--help\``));
  }
  if (flags.json) {
    const [first, ...also] = errors.map(documented);
    const document = { error: also.length === 0 ? first : { ...first, also } };
    // Where even this cannot be written, the exit code still tells.
    await writeFully(io.stdout, `${JSON.stringify(document)}\n`, "stdout").catch(() => {});
  }
  await writeFully(io.stderr, `${parts.join("\n")}\n`, "stderr").catch(() => {});
  const codes = new Set(errors.map((one) => (one instanceof BantamError ? one.exitCode : 1)));
  return codes.size === 1 ? [...codes][0]! : 1;
}

function worded(error: unknown, paint: Paint, env: Io["env"]): string {
  if (error instanceof InterruptedError) {
    const { received, hint } = error.facts;
    return `${paint.yellow("interrupted")}: ${printable(hint === undefined ? received : `${received}\n  ${hint}`)}`;
  }
  if (error instanceof BantamError) {
    const errno = env.BANTAM_DEBUG === "1" && error.facts.errno !== undefined ? `\n  errno: ${error.facts.errno}` : "";
    return `${paint.red("error")}: ${printable(error.message + errno)}`;
  }
  const stack = env.BANTAM_DEBUG === "1" && error instanceof Error && error.stack ? `\n${error.stack}` : "";
  return `${paint.red("internal")}: ${printable(withoutPrefix(error) + stack)}\n  ${reportHint}`;
}

const reportHint =
  "this is a mistake in Bantam, not in what you typed: please report it with your command line; BANTAM_DEBUG=1 adds where it happened";

function documented(error: unknown): Record<string, unknown> {
  if (!(error instanceof BantamError)) {
    return { code: "internal", at: "bantam", expected: "no error", received: withoutPrefix(error), hint: reportHint };
  }
  return errorFacts(error);
}

/** Broken invariants say "internal:" themselves. */
function withoutPrefix(error: unknown): string {
  return messageOf(error).replace(/^internal: /, "");
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
