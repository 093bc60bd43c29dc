/** The network that a scaling experiment begins with. */
import type { Dataset } from "../../data/index.js";
import { type Architecture, buildArchitecture, parseNetwork, type Stage } from "../../networks/index.js";
import { isNetworkFile, readNetworkFile } from "../shared/network-file.js";

export type Baseline = {
  readonly architecture: Architecture;
  /** As `bantam scale` takes it, where it is a published network. */
  readonly network: string | null;
};

/** Larger baselines have to be asked for by their side: a study trains a few dozen networks of up to eight times the work. */
const LARGEST_SIDE = 64;

/**
 * @param word a published network, the path of a model (`.safetensors`) or of an architecture (`.json`), or undefined for a
 *   small MobileNetV2. Where neither says a resolution, it is half the side of the images, so that there is room to grow.
 * @throws {UsageError} when there is no such network. @throws {FileError | ModelError} when the file cannot be used.
 */
export async function baselineFor(
  word: string | undefined,
  { classes: names, channels, nativeSize }: Pick<Dataset, "classes" | "channels" | "nativeSize">,
): Promise<Baseline> {
  const classes = names.length;
  const half = Math.max(8, Math.min(LARGEST_SIDE, Math.round(nativeSize / 2)));
  if (word === undefined) return { architecture: { ...smallNetwork(half), classes, channels }, network: null };
  if (isNetworkFile(word)) {
    return { architecture: { ...(await readNetworkFile(word)), classes, channels }, network: null };
  }
  const { name, ...options } = parseNetwork(word);
  const resolution = options.resolution ?? half;
  const architecture = buildArchitecture(name, { ...options, resolution, classes, channels });
  return { architecture, network: options.resolution === undefined ? `${word}@${resolution}` : word };
}

const bottleneck = (channels: number, repeats: number): Stage => ({
  block: "invertedResidual",
  kernel: 3,
  stride: 2,
  expansion: 3,
  squeezeExcite: null,
  activation: "relu6",
  residual: true,
  channels,
  repeats,
});

/**
 * MobileNetV2's blocks, with few halvings for few pixels. Two and three repeats, and widths that are multiples of 8: each α from
 * 1 to 2 in steps of 0.2, and each β from 1.1 on in steps of 0.1, then gives another network.
 */
const smallNetwork = (resolution: number): Architecture => ({
  name: "small-mobilenet-v2",
  classes: 10,
  channels: 3,
  resolution,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.9 },
  stem: { channels: 16, kernel: 3, stride: resolution < 24 ? 1 : 2, activation: "relu6" },
  stages: [bottleneck(24, 2), bottleneck(40, 3)],
  head: { conv: 80, hidden: null, activation: "relu6" },
  dropout: 0,
  dropPath: 0,
});
