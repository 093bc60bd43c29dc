/** What is predicted of a network, and from what. */
import { originOf, publishedFor } from "../networks/index.js";
import { type Anchor, accuracyResidual, extrapolatedIn, predictTop1 } from "./accuracy.js";
import { type Shape, shapeOf } from "./network-shape.js";

/** The published result that predictions for a network start from. */
export type PublishedAnchor = Anchor & {
  /** e.g. `MobileNetV2 0.5 @160`. */
  readonly label: string;
  readonly source: string;
};

export type Prediction = {
  /** Of ImageNet's validation images, had its 1000 classes been learned as the anchor's authors did; a fraction. */
  readonly top1: number;
  readonly from: Omit<PublishedAnchor, "shape">;
  /** Root mean square error on the networks of papers that a fit had not seen; a fraction. */
  readonly residual: number;
  /** Dimensions in which no published network of any family is as small or as large. */
  readonly extrapolated: readonly (keyof Shape)[];
};

/**
 * Published at this very size; else at the size the network's name stands for; else in the release of the papers. Null where there is none.
 *
 * @throws {UsageError} when there is no network of that name.
 */
export function anchorFor(name: string, width: number, resolution: number): PublishedAnchor | null {
  const native = originOf(name).resolution;
  const bare = name.replace(/^(tf|torch|timm)-/, "");
  const candidates = [
    { network: name, width, resolution },
    { network: name, width: 1, resolution: native },
    { network: bare, width: 1, resolution: native },
  ];
  for (const { network, ...size } of candidates) {
    const row = publishedFor(network, size.width, size.resolution).find(({ top1 }) => top1 !== null);
    // The shape is that of the network itself: in a dialect, another one may stand for the same name.
    if (row) return { shape: shapeOf(name, size), top1: row.top1!, label: row.label, source: row.source };
  }
  return null;
}

export function predictionFor(shape: Shape, anchor: PublishedAnchor | null): Prediction | null {
  if (anchor === null) return null;
  const { label, source, top1 } = anchor;
  return {
    top1: predictTop1(shape, anchor),
    from: { label, source, top1 },
    residual: accuracyResidual.heldOut,
    extrapolated: extrapolatedIn(shape),
  };
}
