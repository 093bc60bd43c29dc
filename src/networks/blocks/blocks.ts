/** Every kind of block. */

import type { BlockRecord } from "./block-record.js";
import { fusedMbconv } from "./fused-mbconv.js";
import { invertedResidual } from "./inverted-residual.js";
import { separable } from "./separable.js";
import type { Stage } from "./stage.js";
import { universalInvertedBottleneck } from "./universal-inverted-bottleneck.js";

/** From cheap to expensive, as searches list them. */
export const blocks: Readonly<Record<Stage["block"], BlockRecord>> = {
  separable,
  invertedResidual,
  universalInvertedBottleneck,
  fusedMbconv,
};

export const blockNames = Object.keys(blocks) as [Stage["block"], ...Stage["block"][]];
