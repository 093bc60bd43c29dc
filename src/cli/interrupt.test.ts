import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { InterruptedError } from "../base/index.js";
import { listenForInterrupt } from "./interrupt.js";

function listen() {
  const signals = new EventEmitter();
  const clock = { ms: 0 };
  const told: string[] = [];
  const exits: number[] = [];
  const interrupt = listenForInterrupt(signals, {
    tell: (text) => told.push(text),
    exit: (code) => exits.push(code),
    now: () => clock.ms,
  });
  const press = (name: string, ms: number) => {
    clock.ms = ms;
    signals.emit(name, name);
  };
  return { interrupt, signals, press, told, exits };
}

test("the first signal asks, the second ends", () => {
  const { interrupt, press, told, exits } = listen();
  expect(interrupt.signal.aborted).toBe(false);
  press("SIGINT", 0);
  expect(interrupt.signal.reason).toBeInstanceOf(InterruptedError);
  expect(told).toEqual(["stopping after this step; press Ctrl-C again to stop at once"]);
  expect(exits).toEqual([]);
  press("SIGTERM", 5000);
  expect(told).toHaveLength(1);
  expect(exits).toEqual([130]);
});

test("one press that arrives twice, as under npm, is one press", () => {
  const { press, exits } = listen();
  press("SIGINT", 1000);
  press("SIGINT", 1020);
  expect(exits).toEqual([]);
  press("SIGINT", 1300);
  expect(exits).toEqual([130]);
});

test("the signals are handed back", () => {
  const { interrupt, signals, press, told } = listen();
  interrupt.dispose();
  press("SIGINT", 0);
  expect(signals.eventNames()).toEqual([]);
  expect(told).toEqual([]);
});
