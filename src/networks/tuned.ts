/**
 * A network of which only the end is trained: the part before it as in inference, without noise and with running statistics; or
 * cut in two where training begins, so that the first part is run once over the images and not at every step.
 */
import { type Graph, image as imageType } from "../ir/index.js";
import type { Architecture } from "./architecture.js";
import { blocksOf, type MapShape } from "./block-graphs.js";
import { finishNetwork, linksOf, type Network, newSite } from "./build.js";
import type { Site } from "./layers.js";
import { isTrained, type TrainedPart } from "./trained-part.js";

export type Tuning = {
  readonly part: TrainedPart;
  /** In the part that is trained: the statistics of the batch, or the running ones, which then stay as they are. */
  readonly norms: "batch" | "running";
  /** `features`: the network begins with the part that is trained, at what `buildBody` makes of images. */
  readonly entry: "image" | "features";
};

/** Index of the first link that is trained, and the shape of what it reads, of one image. */
export function firstTrained(architecture: Architecture, part: TrainedPart): { index: number; input: MapShape } {
  const trains = isTrained(architecture, part);
  const index = linksOf(architecture).findIndex(({ path }) => trains(path));
  return { index, input: blocksOf(architecture)[index]!.input };
}

/** As `buildNetwork`; input `image` is `[N, C, H, W]` of images or features. */
export function buildTuned(
  architecture: Architecture,
  { batch, mode }: { readonly batch: number; readonly mode: "train" | "inference" },
  { part, norms, entry }: Tuning,
): Network {
  const trains = isTrained(architecture, part);
  const { index, input } = firstTrained(architecture, entry === "image" ? "all" : part);
  const site = newSite(architecture, mode);
  const frozen: Site = { ...site, mode: "inference", norms: "running" };
  const trained: Site = mode === "train" ? { ...site, norms } : site;
  const image = site.g.input("image", imageType(batch, ...input));
  const logits = linksOf(architecture)
    .slice(index)
    .reduce((x, { path, append }) => site.g.scope(path, () => append(trains(path) ? trained : frozen, x)), image);
  return finishNetwork(site, architecture, image, logits);
}

/**
 * The part before the one that is trained, folded. Input `pixels`: uint8 `[N, H, W, C]`. Output `features`: `[N, C·H·W]`.
 *
 * @param options.mean and `std`: one number per input channel, of pixels ÷ 255.
 */
export function buildBody(
  architecture: Architecture,
  {
    part,
    mean,
    std,
  }: { readonly part: TrainedPart; readonly mean: readonly number[]; readonly std: readonly number[] },
): Graph {
  const { channels, resolution } = architecture;
  const site = newSite(architecture, "folded");
  const { g } = site;
  const pixels = g.input("pixels", { dtype: "uint8", axes: "plain", shape: [1, resolution, resolution, channels] });
  const image = g.scope("normalize", () => g.one("pixelsToImage", [pixels], { mean, std }));
  const map = linksOf(architecture)
    .slice(0, firstTrained(architecture, part).index)
    .reduce((x, { path, append }) => g.scope(path, () => append(site, x)), image);
  g.output(g.flatten(map), "features");
  return g.build();
}
