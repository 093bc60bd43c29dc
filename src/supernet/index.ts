export type { SharedAccuracy } from "./shared-accuracy.js";
export { createSupernet, type Supernet, type SupernetProgress } from "./supernet.js";
export { loadSupernet, saveSupernet } from "./supernet-checkpoint.js";
export type { SupernetSetup } from "./supernet-setup.js";
export { type Ranker, supernetStrategy } from "./supernet-strategy.js";
