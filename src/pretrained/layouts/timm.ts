/**
 * The names of timm's `EfficientNet` and `MobileNetV3` classes, which hold every network of ours.
 * @source huggingface/pytorch-image-models 1.0.29 `timm/models/{efficientnet,mobilenetv3,_efficientnet_blocks}.py`
 */
import type { Architecture, LayerName } from "../../networks/index.js";
import { type BlockPlace, bareName, type Layer } from "./layer.js";
import { type Entry, entriesOf, type LayerNames, pytorch } from "./layout.js";

export function timmEntries(architecture: Architecture): readonly Entry[] | null {
  return entriesOf(architecture, timmNames, pytorch);
}

/** Blocks per stage where timm's stages are not the rows of our table. */
const v3Stages: Readonly<Record<string, readonly number[]>> = {
  "mobilenet-v3-large": [1, 2, 3, 4, 2, 3],
  "mobilenet-v3-small": [1, 2, 3, 2, 3],
};

function timmNames(architecture: Architecture): (layer: Layer) => LayerNames {
  const stages = v3Stages[bareName(architecture).replace("-minimalistic", "")];
  const isV3 = stages !== undefined;
  const prefixOf = (block: BlockPlace) => {
    const [stage, repeat] = isV3 ? placeOf(block.index, stages) : [block.stage, block.repeat];
    return `blocks.${stage}.${repeat}`;
  };
  return ({ role, block }) => {
    const names = (conv: string, norm: string | null) => ({ conv, norm, linear: role === "classifier" });
    switch (role) {
      case "stem":
        return names("conv_stem", "bn1");
      case "head":
        return isV3
          ? names(`blocks.${stages.length}.0.conv`, `blocks.${stages.length}.0.bn1`)
          : names("conv_head", "bn2");
      case "hidden":
        return names("conv_head", null);
      case "classifier":
        return names("classifier", null);
      default: {
        const prefix = prefixOf(block!);
        return within(prefix, role, block!.expands, names);
      }
    }
  };
}

/** `conv_pw` is the expansion where there is one, and the projection where there is none. */
function within(
  prefix: string,
  role: LayerName | "reduce" | "restore",
  expands: boolean,
  names: (conv: string, norm: string | null) => LayerNames,
): LayerNames {
  switch (role) {
    case "expand":
      return names(`${prefix}.conv_pw`, `${prefix}.bn1`);
    case "depthwise":
      return names(`${prefix}.conv_dw`, `${prefix}.${expands ? "bn2" : "bn1"}`);
    case "reduce":
      return names(`${prefix}.se.conv_reduce`, null);
    case "restore":
      return names(`${prefix}.se.conv_expand`, null);
    case "pointwise":
    case "project":
      return expands ? names(`${prefix}.conv_pwl`, `${prefix}.bn3`) : names(`${prefix}.conv_pw`, `${prefix}.bn2`);
    default:
      return role satisfies never;
  }
}

/** Stage and place in it of the block number `index`. */
function placeOf(index: number, stages: readonly number[]): [stage: number, repeat: number] {
  let rest = index;
  for (const [stage, blocks] of stages.entries()) {
    if (rest < blocks) return [stage, rest];
    rest -= blocks;
  }
  throw new Error(`internal: block ${index} of ${stages.join(" + ")}`);
}
