/** One side of a comparison: a process that runs so many steps when it is told to, and tells their times. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type Facts = {
  readonly peer: string;
  readonly version: string;
  readonly variant: string;
  /** Trainable numbers; null for the block. */
  readonly params: number | null;
};

export type Side = {
  readonly facts: Facts;
  /** Times in ms. */
  readonly run: (steps: number) => Promise<readonly number[]>;
  readonly end: () => void;
};

/** For glibc: no blocks of their own from the system, nothing given back. */
const KEEP_MEMORY = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: "100000000000", MALLOC_TOP_PAD_: "268435456" };

/** @throws {Error} with the last lines the process wrote, when it ends before it was told to. */
export async function startSide(command: string, args: readonly string[]): Promise<Side> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...KEEP_MEMORY } });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ${args[0]} ended with ${code}: ${said}`)));
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await Promise.race([lines.next(), ended])).value as string) as unknown;
  const facts = (await line()) as Facts;
  return {
    facts,
    run: async (steps) => {
      child.stdin.write(`${steps}\n`);
      return (await line()) as number[];
    },
    end: () => {
      child.stdin.end();
    },
  };
}
