export { type Comparison, renderComparison, renderComparisonCsv, renderComparisonSvg } from "./compare.js";
export { renderComparisonPage } from "./compare-page.js";
export { type DataFacts, dataLines, leftOutLines } from "./data-facts.js";
export { renderEvaluation, renderPredictions } from "./evaluation.js";
export { type Explanation, renderExplanation } from "./explain.js";
export type * from "./fit-report.js";
export { type LatencyCheck, type LatencyRow, renderLatency, renderLatencyCheck } from "./latency.js";
export { type MemoryTable, renderMemory } from "./memory.js";
export { type MemoryTimelineFacts, renderMemoryTimeline } from "./memory-timeline.js";
export { type CatalogueRow, renderNetworks } from "./networks.js";
export { renderFitReport } from "./page.js";
export { type ProfileTable, renderProfile } from "./profile.js";
export { type ProfilePage, renderProfilePage, renderProfileSvg } from "./profile-page.js";
export {
  renderScaled,
  renderSeries,
  renderWithinBudget,
  type ScaledFacts,
  type SeriesFacts,
  type WithinBudgetFacts,
} from "./scaling.js";
export type * from "./scaling-facts.js";
export { renderCompoundSvg, renderSettingsSvg, renderSingleSvg } from "./scaling-figures.js";
export { renderScalingSearch } from "./scaling-search.js";
export { renderScalingCsv, renderScalingStudy, renderScalingStudyPage } from "./scaling-study.js";
export {
  type ComparedStudy,
  renderSearch,
  renderStudies,
  renderStudyComparison,
  renderTrials,
  type SearchReport,
} from "./search.js";
export { renderSearchPage } from "./search-page.js";
export { renderFitSummary } from "./summary.js";
export { renderCurves, sparkline } from "./text-curves.js";
export type { TextOptions } from "./text-table.js";
export { renderTrainReport, type TrainReport } from "./train-page.js";
