export { renderEvaluation, renderPredictions } from "./evaluation.js";
export type * from "./fit-report.js";
export { renderFitReport } from "./page.js";
export { type CatalogueRow, renderNetworks } from "./networks.js";
export { type ProfileTable, renderProfile } from "./profile.js";
export { renderFitSummary } from "./summary.js";
export type { TextOptions } from "./text-table.js";
