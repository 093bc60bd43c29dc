import { EventEmitter } from "node:events";
import type { Io, Output } from "../io.js";

/** A stream that keeps what was written; `fails` makes every write end in that error, as a real stream reports it. */
export class FakeOutput extends EventEmitter implements Output {
  text = "";
  readonly writes: string[] = [];
  isTTY = false;
  columns = 80;
  fails: Error | null = null;
  /** Told of each text before it is written. */
  onWrite: (text: string) => void = () => {};

  write(text: string, done?: (error?: Error | null) => void): boolean {
    const { fails } = this;
    this.onWrite(text);
    if (fails === null) {
      this.text += text;
      this.writes.push(text);
      queueMicrotask(() => done?.());
    } else {
      queueMicrotask(() => {
        done?.(fails);
        this.emit("error", fails);
      });
    }
    return true;
  }
}

export type FakeIo = Io & {
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  readonly signals: EventEmitter;
  readonly exits: number[];
  readonly clock: { ms: number };
};

/** An `Io` without terminal, with a clock that stands still and an exit that only takes notes. */
export function createFakeIo(env: Io["env"] = {}): FakeIo {
  const clock = { ms: 0 };
  const exits: number[] = [];
  return {
    stdout: new FakeOutput(),
    stderr: new FakeOutput(),
    env,
    signals: new EventEmitter(),
    now: () => clock.ms,
    exit: (code) => {
      exits.push(code);
    },
    version: "1.2.3",
    exits,
    clock,
  };
}
