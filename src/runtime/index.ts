export { availableEngines, chooseEngine, type DeviceChoice } from "./choose.js";
export {
  type Device,
  type DeviceTensor,
  type Engine,
  type Feeds,
  hostTensor,
  type KeepingSession,
  type Session,
  type Tensor,
  type TensorData,
} from "./engine.js";
