export type { NetworkChoice } from "./choice.js";
export { type LoadOptions, loadForTraining, loadPretrained } from "./load.js";
export type { LoadContext, LoadProgress } from "./source.js";
export { type Adapted, withClasses } from "./with-classes.js";
