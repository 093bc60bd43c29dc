export { closest } from "./closest.js";
export { commandLine } from "./command-line.js";
export * from "./errors.js";
export { bootstrapInterval, type Interval, kendallTau, spearman } from "./rank-correlation.js";
export * from "./rng.js";
export { isWhole, OPEN_SEAL, SEAL_KEY, seal, sealedJson, unsealedJson } from "./seal.js";
export * from "./t-interval.js";
export { messageOf, packed, type Thrown, unpacked } from "./thrown.js";
export * from "./units.js";
