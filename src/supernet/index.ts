export {
  createSupernet,
  type SharedAccuracy,
  type Supernet,
  type SupernetProgress,
  type SupernetSetup,
} from "./supernet.js";
export { loadSupernet, saveSupernet } from "./supernet-checkpoint.js";
export { type Ranker, supernetStrategy } from "./supernet-strategy.js";
