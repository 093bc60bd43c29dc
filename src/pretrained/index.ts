export type { NetworkChoice } from "./choice.js";
export { type Adapted, withClasses } from "./classes.js";
export { type LoadOptions, loadForTraining, loadPretrained } from "./load.js";
export type { LoadContext, LoadProgress } from "./source.js";
