import { UsageError } from "../../base/index.js";
import type { LimitName } from "../../scaling/index.js";

const axes = {
  macs: "macs",
  params: "params",
  memory: "peakActivationBytes",
  size: "weightBytes",
  latency: "latencyMs",
} as const satisfies Readonly<Record<string, LimitName>>;

/** `macs,params`: the costs that a front weighs against the error. @throws {UsageError} for another word. */
export function axesOf(text: string): LimitName[] {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  return words.map((word) => {
    if (Object.hasOwn(axes, word)) return axes[word as keyof typeof axes];
    throw new UsageError({ at: "--axes", expected: `some of ${Object.keys(axes).join(", ")}`, received: text });
  });
}
