import { UsageError } from "../../base/index.js";
import type { Costs } from "../../cost/index.js";

const axes = {
  macs: "macs",
  params: "params",
  memory: "peakActivationBytes",
  size: "weightBytes",
} as const satisfies Readonly<Record<string, keyof Costs>>;

/** `macs,params`: the costs that a front weighs against the error. @throws {UsageError} for another word. */
export function axesOf(text: string): (keyof Costs)[] {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  return words.map((word) => {
    if (Object.hasOwn(axes, word)) return axes[word as keyof typeof axes];
    throw new UsageError({ at: "--axes", expected: `some of ${Object.keys(axes).join(", ")}`, received: text });
  });
}
