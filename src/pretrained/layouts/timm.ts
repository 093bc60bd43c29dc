/**
 * The names of timm's `EfficientNet` and `MobileNetV3` classes, which hold every network of ours.
 * @source huggingface/pytorch-image-models 1.0.29 `timm/models/{efficientnet,mobilenetv3,_efficientnet_blocks}.py`
 */
import type { Architecture, Stage } from "../../networks/index.js";
import { type BlockPlace, type BlockRole, bareName, type Layer } from "./layer.js";
import { type Entry, entriesOf, type LayerNames, pytorch } from "./weight-layout.js";

export function timmEntries(architecture: Architecture): readonly Entry[] | null {
  return entriesOf(architecture, timmNames, pytorch);
}

/** Blocks per stage where timm's stages are not the rows of our table. */
const v3Stages: Readonly<Record<string, readonly number[]>> = {
  "mobilenet-v3-large": [1, 2, 3, 4, 2, 3],
  "mobilenet-v3-small": [1, 2, 3, 2, 3],
  "mobilenet-v4-conv-small": [2, 2, 6, 6],
  "mobilenet-v4-conv-medium": [1, 2, 8, 11],
  "mobilenet-v4-conv-large": [1, 2, 11, 13],
};

function timmNames(architecture: Architecture): (layer: Layer) => LayerNames {
  const stages = v3Stages[bareName(architecture).replace("-minimalistic", "")];
  const isV3 = stages !== undefined; // or V4, which is of the same class
  const prefixOf = (block: BlockPlace) => {
    const [stage, repeat] = isV3 ? placeOf(block.index, stages) : [block.stage, block.repeat];
    return `blocks.${stage}.${repeat}`;
  };
  return ({ role, block, normed }) => {
    const names = (conv: string, norm: string | null) => ({ conv, norm, linear: role === "classifier" });
    switch (role) {
      case "stem":
        return names("conv_stem", "bn1");
      case "head":
        return isV3
          ? names(`blocks.${stages.length}.0.conv`, `blocks.${stages.length}.0.bn1`)
          : names("conv_head", "bn2");
      case "hidden":
        return names("conv_head", normed ? "norm_head" : null);
      case "classifier":
        return names("classifier", null);
      default: {
        const prefix = prefixOf(block!);
        const [conv, norm] = withinBlock[block!.block](block!.expands)[role]!;
        return names(`${prefix}.${conv}`, norm === null ? null : `${prefix}.${norm}`);
      }
    }
  };
}

type Names = readonly [conv: string, norm: string | null];

const squeezes = { reduce: ["se.conv_reduce", null], restore: ["se.conv_expand", null] } as const;

/** What the layers of a block are called in it. Without an expansion timm's class is another, with other names. */
const withinBlock: Readonly<Record<Stage["block"], (expands: boolean) => Readonly<Partial<Record<BlockRole, Names>>>>> =
  {
    separable: () => ({ depthwise: ["conv_dw", "bn1"], pointwise: ["conv_pw", "bn2"] }),
    invertedResidual: (expands) =>
      expands
        ? { expand: ["conv_pw", "bn1"], depthwise: ["conv_dw", "bn2"], ...squeezes, project: ["conv_pwl", "bn3"] }
        : { depthwise: ["conv_dw", "bn1"], ...squeezes, project: ["conv_pw", "bn2"] },
    universalInvertedBottleneck: () => ({
      start: ["dw_start.conv", "dw_start.bn"],
      expand: ["pw_exp.conv", "pw_exp.bn"],
      depthwise: ["dw_mid.conv", "dw_mid.bn"],
      ...squeezes,
      project: ["pw_proj.conv", "pw_proj.bn"],
    }),
    fusedMbconv: (expands) =>
      expands
        ? { expand: ["conv_exp", "bn1"], ...squeezes, project: ["conv_pwl", "bn2"] }
        : { project: ["conv", "bn1"] },
  };

/** Stage and place in it of the block number `index`. */
function placeOf(index: number, stages: readonly number[]): [stage: number, repeat: number] {
  let rest = index;
  for (const [stage, blocks] of stages.entries()) {
    if (rest < blocks) return [stage, rest];
    rest -= blocks;
  }
  throw new Error(`internal: block ${index} of ${stages.join(" + ")}`);
}
