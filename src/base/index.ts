export * from "./errors.js";
export * from "./rng.js";
export * from "./t-interval.js";
export * from "./units.js";
