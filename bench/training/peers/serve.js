/** The conversation with run.ts: a line of JSON says what this side is, then each number that comes in is answered by so many times. */
import { createInterface } from "node:readline";

/** @param step runs one step to its end. */
export async function serve(facts, step) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const times = [];
    for (let i = 0; i < Number(line); i++) {
      const began = performance.now();
      await step();
      times.push(performance.now() - began);
    }
    process.stdout.write(`${JSON.stringify(times)}\n`);
  }
}
