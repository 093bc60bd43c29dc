export {
  type MemoryConvention,
  memoryConventions,
  onnxRuntimeBytes,
  type PublishedMemory,
  publishedMemory,
} from "./conventions.js";
export { type Costs, costsOfProfile } from "./costs.js";
export { type GraphProfile, type LayerProfile, profileGraph } from "./graph-profile.js";
export {
  type BlockWork,
  type LatencyBlock,
  type LatencyConfiguration,
  type LatencyModel,
  type LatencyPrediction,
  type LatencyTable,
  latencyModel,
  type Machine,
  type MeasuredBlock,
  type MeasuredNetwork,
  type Provider,
  parseLatencyTable,
  predictLatency,
  type Timing,
  withoutNetworks,
} from "./latency-model.js";
export {
  type MemoryBuffer,
  type MemoryOptions,
  type MemoryPlan,
  planMemory,
  scheduleForMemory,
} from "./memory-plan.js";
export type { Schedule } from "./node-order.js";
export { type MemoryPeaks, type MemoryTimeline, memoryPeaks, memoryTimeline } from "./peaks.js";
export type { NumberFormat } from "./storage.js";
