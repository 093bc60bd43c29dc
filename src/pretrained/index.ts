export type { NetworkChoice } from "./choice.js";
export { type LoadOptions, loadPretrained } from "./load.js";
export type { LoadContext, LoadProgress } from "./source.js";
