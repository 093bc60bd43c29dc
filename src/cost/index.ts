export { type Costs, costsOfProfile } from "./costs.js";
export { type MemoryBuffer, type MemoryPlan, planMemory } from "./memory.js";
export { type GraphProfile, type LayerProfile, profileGraph } from "./profile.js";
