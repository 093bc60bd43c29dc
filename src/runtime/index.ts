export { chooseEngine, type EngineChoice } from "./choose.js";
export type { Engine, Session, Tensor, TensorData } from "./engine.js";
