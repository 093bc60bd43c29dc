export { loadSupernet, saveSupernet } from "./checkpoint.js";
export { type Ranker, supernetStrategy } from "./strategy.js";
export {
  createSupernet,
  type SharedAccuracy,
  type Supernet,
  type SupernetProgress,
  type SupernetSetup,
} from "./supernet.js";
