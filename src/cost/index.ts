export {
  type MemoryConvention,
  memoryConventions,
  onnxRuntimeBytes,
  type PublishedMemory,
  publishedMemory,
} from "./conventions.js";
export { type Costs, costsOfProfile } from "./costs.js";
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
} from "./latency.js";
export { type MemoryBuffer, type MemoryOptions, type MemoryPlan, planMemory, scheduleForMemory } from "./memory.js";
export { type MemoryPeaks, type MemoryTimeline, memoryPeaks, memoryTimeline } from "./peaks.js";
export { type GraphProfile, type LayerProfile, profileGraph } from "./profile.js";
export type { Schedule } from "./schedule.js";
export type { NumberFormat } from "./storage.js";
