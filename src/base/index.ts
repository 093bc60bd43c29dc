export { closest } from "./closest.js";
export * from "./errors.js";
export * from "./rng.js";
export * from "./units.js";
