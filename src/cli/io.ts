/** What the command line needs of its surroundings, as an argument: tests give their own. */
import { toFileError } from "../base/files.js";

export type Output = {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  /** 0 in a terminal that does not tell. */
  readonly columns?: number;
};

export type Signals = {
  on(signal: "SIGINT" | "SIGTERM", listener: (signal: string) => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: (signal: string) => void): unknown;
};

export type Io = {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: Signals;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** What `--version` prints. */
  readonly version: string;
};

export function nodeIo(version: string): Io {
  const { stdout, stderr, env } = process;
  return {
    stdout,
    stderr,
    env,
    signals: process,
    now: () => performance.now(),
    exit: (code) => process.exit(code),
    version,
  };
}

/** Colours only on a terminal that understands them, and not against the user's will. @source https://no-color.org */
export function wantsColour(output: Output, env: Io["env"], noColourFlag: boolean): boolean {
  return output.isTTY === true && !noColourFlag && !env.NO_COLOR && env.TERM !== "dumb";
}

/** A live line needs a terminal that can move its cursor; the logs of a CI service only look like one. */
export function isInteractive(output: Output, env: Io["env"]): boolean {
  return output.isTTY === true && env.TERM !== "dumb" && !env.CI;
}

/**
 * Write and wait until it is out, so that the process may end.
 *
 * A reader that has gone away (`| head`) is no error: it has what it wanted.
 *
 * @throws {FileError} when `output` cannot take the text, as a full disk behind `> file`.
 */
export function writeFully(output: Output, text: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => {
      if (!error || isClosedPipe(error)) resolve();
      else reject(toFileError(error, name, "write"));
    });
  });
}

function isClosedPipe(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}
