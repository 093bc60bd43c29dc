import { type Architecture, expandedWidth } from "../networks/index.js";

/**
 * Numbers that the convolutions of a network give out for one image. The time that training takes goes with these, since small networks
 * wait for memory more than for arithmetic.
 */
export function trainingWork({ resolution, stem, stages }: Architecture): number {
  let side = Math.ceil(resolution / stem.stride);
  let [channels, work] = [stem.channels, stem.channels * side ** 2];
  for (const stage of stages) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const hidden = expandedWidth(channels, stage.expansion);
      if (stage.expansion !== 1) work += hidden * side ** 2;
      if (repeat === 0) side = Math.ceil(side / stage.stride);
      channels = stage.channels;
      work += (hidden + channels) * side ** 2;
    }
  }
  return work;
}
