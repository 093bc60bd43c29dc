export type { Augmentation } from "./augmentation.js";
export { type BatchOptions, fillBatch } from "./batch.js";
export type { OnProgress } from "./concurrency.js";
export { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
export { decodeImage } from "./decode.js";
export { type ImageOptions, type ImageSet, openImages } from "./images.js";
export { firstGeometry, type Geometry, type Preprocessing, SIZES } from "./preprocessing.js";
export type { Sample, Skipped, SplitName } from "./sample.js";
export { channelStatistics } from "./statistics.js";
