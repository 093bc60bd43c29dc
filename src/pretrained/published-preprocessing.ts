/** What each library does to a picture before its networks see it, where the weights do not come with a description. */
import type { Preprocessing } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import { bareName } from "./layouts/layer.js";

/** Of ImageNet's training images, for pixels in [0, 1]. */
export const imagenetStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
/** To [−1, 1], as Inception and TensorFlow's mobile networks do. */
export const halves = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

/** As Keras' larger EfficientNetV2s do: pixels ÷ 128 − 1. */
const by128 = { mean: Array<number>(3).fill(128 / 255), std: Array<number>(3).fill(128 / 255) };

type Row = readonly [
  resize: number,
  crop: number,
  interpolation: Preprocessing["interpolation"],
  statistics?: Pick<Preprocessing, "mean" | "std">,
];

/**
 * Of the first weights that torchvision published for a network (`IMAGENET1K_V1`); those of its newer recipe (`V2`) were
 * measured with a resize to 232.
 * @source pytorch/vision 0.14 `torchvision/models`, the `transforms` of the weights
 */
const torchvisionRows: Readonly<Record<string, Row>> = {
  "torch-mnasnet-b1-0.75": [232, 224, "bilinear"],
  "torch-mnasnet-b1-1.3": [232, 224, "bilinear"],
  "torch-efficientnet-b0": [256, 224, "bicubic"],
  "torch-efficientnet-b1": [256, 240, "bicubic"],
  "torch-efficientnet-b2": [288, 288, "bicubic"],
  "torch-efficientnet-b3": [320, 300, "bicubic"],
  "torch-efficientnet-b4": [384, 380, "bicubic"],
  "torch-efficientnet-b5": [456, 456, "bicubic"],
  "torch-efficientnet-b6": [528, 528, "bicubic"],
  "torch-efficientnet-b7": [600, 600, "bicubic"],
  "torch-efficientnet-v2-s": [384, 384, "bilinear"],
  "torch-efficientnet-v2-m": [480, 480, "bilinear"],
  "torch-efficientnet-v2-l": [480, 480, "bicubic", halves],
};

/** @param network with its width, as `wordOf` writes it. */
export function torchvisionPreprocessing(network: string): Preprocessing {
  const [resize, size, interpolation, statistics] = torchvisionRows[network] ?? [256, 224, "bilinear"];
  const crop = size / resize;
  return { size, channels: 3, resize: "cover", crop, interpolation, ...(statistics ?? imagenetStatistics) };
}

/**
 * Keras leaves the cropping to the caller; this is how the weights' authors measured: seven eighths of the picture, bicubic for
 * EfficientNet and bilinear for the others; all of it for the larger EfficientNetV2s. The scaling that some of its networks hold inside is done before ours.
 * @source keras-team/keras 3.15 `preprocess_input` of each network; tensorflow/tpu `efficientnet/preprocessing.py`;
 *   tensorflow/models `research/slim/preprocessing/inception_preprocessing.py`
 * @param architecture at its published resolution.
 */
export function kerasPreprocessing(architecture: Architecture): Preprocessing {
  const name = bareName(architecture);
  const isEfficientNet = name.startsWith("efficientnet-");
  const isLargeV2 = /^efficientnet-v2-[sml]$/.test(name);
  return {
    size: architecture.resolution,
    channels: 3,
    resize: "cover",
    crop: isLargeV2 ? 1 : 0.875,
    ...(isEfficientNet
      ? { interpolation: "bicubic", ...(isLargeV2 ? by128 : imagenetStatistics) }
      : { interpolation: "bilinear", ...halves }),
  };
}
