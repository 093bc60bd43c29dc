/**
 * timm's models by name: which network each is, and how its weights want pictures to be prepared where they come without a
 * config.json. A name may go on after a dot with the tag of a training, `mobilenetv2_100.ra_in1k`; the network is the same.
 * @source huggingface/pytorch-image-models 1.0.29 `timm/models/{efficientnet,mobilenetv3}.py`, `default_cfgs`
 */
import { UsageError } from "../base/index.js";
import type { Preprocessing } from "../data/index.js";
import { halves, imagenetStatistics } from "./published-preprocessing.js";

export type TimmModel = {
  /** As `parseNetwork` reads it. */
  readonly network: string;
  readonly preprocessing: Preprocessing;
};

const usual: Preprocessing = {
  size: 224,
  channels: 3,
  resize: "cover",
  crop: 0.875,
  interpolation: "bicubic",
  ...imagenetStatistics,
};
const model = (network: string, changes: Partial<Preprocessing> = {}): TimmModel => ({
  network,
  preprocessing: { ...usual, ...changes },
});

/** timm writes a width as hundredths: `mobilenetv2_035`. */
function widths(prefix: string, network: string, hundredths: readonly string[], changes: Partial<Preprocessing> = {}) {
  return hundredths.map((text): [string, TimmModel] => {
    const width = Number(text) / 100;
    return [`${prefix}_${text}`, model(width === 1 ? network : `${network}-${width}`, changes)];
  });
}

/** `changes` of one model after the other, counted from 0. */
function numbered(prefix: string, network: string, changes: readonly Partial<Preprocessing>[]) {
  return changes.map((change, i): [string, TimmModel] => [`${prefix}${i}`, model(`${network}${i}`, change)]);
}

const bilinear = { interpolation: "bilinear" } as const;
const tensorflowV3 = { ...bilinear, ...halves };
/** Side and crop of the TensorFlow weights, B0 to B7. */
const tfEfficientnet = [
  {},
  { size: 240, crop: 0.882 },
  { size: 260, crop: 0.89 },
  { size: 300, crop: 0.904 },
  { size: 380, crop: 0.922 },
  { size: 456, crop: 0.934 },
  { size: 528, crop: 0.942 },
  { size: 600, crop: 0.949 },
];
const lite = tfEfficientnet.slice(0, 5);
const whole = { crop: 1, ...halves };

export const timmModels: ReadonlyMap<string, TimmModel> = new Map([
  ["mobilenetv1_100", model("timm-mobilenet-v1", halves)],
  ["mobilenetv1_100h", model("timm-mobilenet-v1h", halves)],
  ["mobilenetv1_125", model("timm-mobilenet-v1-1.25", { ...halves, crop: 0.9 })],

  ...widths("mobilenetv2", "timm-mobilenet-v2", ["035", "050", "075", "100", "140"]),
  ["mobilenetv2_110d", model("timm-mobilenet-v2-110d")],
  ["mobilenetv2_120d", model("timm-mobilenet-v2-120d")],

  ...widths("mobilenetv3_large", "timm-mobilenet-v3-large", ["075"], bilinear),
  ...widths("mobilenetv3_large", "timm-mobilenet-v3-large", ["100"]),
  ...widths("mobilenetv3_small", "timm-mobilenet-v3-small", ["050", "075", "100"]),
  ...widths("tf_mobilenetv3_large", "tf-mobilenet-v3-large", ["075", "100"], tensorflowV3),
  ...widths("tf_mobilenetv3_small", "tf-mobilenet-v3-small", ["075", "100"], tensorflowV3),
  ["tf_mobilenetv3_large_minimal_100", model("tf-mobilenet-v3-large-minimalistic", tensorflowV3)],
  ["tf_mobilenetv3_small_minimal_100", model("tf-mobilenet-v3-small-minimalistic", tensorflowV3)],

  ...widths("mnasnet", "timm-mnasnet-b1", ["050", "075", "100", "140"]),
  ...widths("semnasnet", "timm-mnasnet-a1", ["050", "075", "100", "140"]),
  ["mnasnet_small", model("timm-mnasnet-small")],

  ...numbered("efficientnet_b", "timm-efficientnet-b", [
    {},
    { size: 240, crop: 0.9, ...halves },
    { size: 256 },
    { size: 288 },
    { size: 320 },
    { size: 448, crop: 1, resize: "stretch" },
    { size: 528, crop: 0.942 },
    { size: 600, crop: 0.949 },
  ]),
  ...numbered("tf_efficientnet_b", "tf-efficientnet-b", tfEfficientnet),

  ...numbered("tf_efficientnetv2_b", "tf-efficientnet-v2-b", [
    { size: 192 },
    { size: 192, crop: 0.882 },
    { size: 208, crop: 0.89 },
    { size: 240, crop: 0.9, resize: "stretch", ...halves },
  ]),
  ["tf_efficientnetv2_s", model("tf-efficientnet-v2-s", { size: 300, ...whole })],
  ["tf_efficientnetv2_m", model("tf-efficientnet-v2-m", { size: 384, resize: "stretch", ...whole })],
  ["tf_efficientnetv2_l", model("tf-efficientnet-v2-l", { size: 384, resize: "stretch", ...whole })],
  ["efficientnetv2_s", model("timm-efficientnet-v2-s", { size: 288, crop: 1 })],
  ["efficientnetv2_m", model("timm-efficientnet-v2-m", { size: 320, crop: 1 })],
  ["efficientnetv2_l", model("timm-efficientnet-v2-l", { size: 384, crop: 1 })],

  ...widths("mobilenetv4_conv_small", "timm-mobilenet-v4-conv-small", ["035", "050"], halves),
  ["mobilenetv4_conv_small", model("timm-mobilenet-v4-conv-small")],
  ["mobilenetv4_conv_medium", model("timm-mobilenet-v4-conv-medium", { size: 256, crop: 0.95 })],
  ["mobilenetv4_conv_large", model("timm-mobilenet-v4-conv-large", { size: 384, crop: 0.95 })],

  ...numbered("efficientnet_lite", "timm-efficientnet-lite", lite),
  ...numbered(
    "tf_efficientnet_lite",
    "tf-efficientnet-lite",
    lite.map((change, i) => ({ ...change, ...halves, ...(i > 2 && bilinear), ...(i === 4 && { crop: 0.92 }) })),
  ),
]);

/**
 * @param name with or without the tag of a training.
 * @param at where it was read, for the error.
 * @throws {UsageError} for models of other families, with the nearest names there are.
 */
export function timmModel(name: string, at: string): TimmModel {
  const untagged = name.replace(/\..*$/s, "");
  const known = timmModels.get(untagged);
  if (known !== undefined) return known;
  throw new UsageError({
    at,
    expected: "a MobileNet, MnasNet or EfficientNet (also Lite and V2) of timm",
    received: JSON.stringify(name.slice(0, 100)),
    hint: `the nearest names are ${nearest(untagged).join(", ")}`,
  });
}

/** @param network as `wordOf` writes it. A width that timm does not have is prepared for as the network at width 1. */
export function timmPreprocessing(network: string): Preprocessing {
  const find = (word: string) => [...timmModels.values()].find((known) => known.network.replace(/^tf-/, "") === word);
  return (find(network) ?? find(network.replace(/-\d+(\.\d+)?$/, "")))?.preprocessing ?? usual;
}

/** Those that begin alike, and of these those that share the most pairs of letters. */
function nearest(name: string): string[] {
  const pairs = (word: string) => Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2));
  const likeness = (known: string) => {
    const parting = [...known].findIndex((letter, i) => letter !== name[i]);
    const alike = parting === -1 ? known.length : parting;
    return alike + pairs(known).filter((pair) => name.includes(pair)).length / known.length;
  };
  return [...timmModels.keys()].sort((a, b) => likeness(b) - likeness(a)).slice(0, 3);
}
