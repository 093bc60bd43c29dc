/** Channels inside a block, and whether it adds its input. */

import { makeDivisible } from "./rounding.js";
import type { SqueezeExcite, Stage } from "./stage.js";

/** Channels between the two layers of a squeeze-excite, from those of its block's input and those that it scales. */
export function squeezedWidth({ of, ratio, divisor }: SqueezeExcite, blockInput: number, wide: number): number {
  const width = (of === "input" ? blockInput : wide) * ratio;
  return divisor === 1 ? Math.max(1, Math.floor(width)) : makeDivisible(width, divisor);
}

/** Hidden channels of a block that widens. */
export function expandedWidth(inChannels: number, expansion: number): number {
  return expansion === 1 ? inChannels : makeDivisible(inChannels * expansion, 8);
}

/** Whether a block adds its input to its output. @param input channels that it reads. @param stride the block's own. */
export function addsInput(
  { residual, channels }: Pick<Stage, "residual" | "channels">,
  input: number,
  stride: number,
): boolean {
  return residual && stride === 1 && input === channels;
}
