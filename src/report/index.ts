export { type DataFacts, dataLines, leftOutLines } from "./data-facts.js";
export { type Explanation, renderExplanation } from "./explanation.js";
export type * from "./fit-report.js";
export type { TextOptions } from "./kit/text-table.js";
export { renderComparisonPage } from "./pages/compare-page.js";
export { renderFitReport } from "./pages/fit-page.js";
export { type MemoryTimelineFacts, renderMemoryTimeline } from "./pages/memory-timeline.js";
export { type ProfilePage, renderProfilePage, renderProfileSvg } from "./pages/profile-page.js";
export { renderCompoundSvg, renderSettingsSvg, renderSingleSvg } from "./pages/scaling-figures.js";
export { renderScalingCsv, renderScalingStudy, renderScalingStudyPage } from "./pages/scaling-study-page.js";
export { renderSearchPage } from "./pages/search-page.js";
export { renderTrainReport, type TrainReport } from "./pages/train-page.js";
export type * from "./scaling-facts.js";
export { type Comparison, renderComparison, renderComparisonCsv, renderComparisonSvg } from "./terminal/comparison.js";
export { renderEvaluation, renderPredictions } from "./terminal/evaluation-text.js";
export { renderFitSummary } from "./terminal/fit-summary.js";
export { type LatencyCheck, type LatencyRow, renderLatency, renderLatencyCheck } from "./terminal/latency-text.js";
export { type MemoryTable, renderMemory } from "./terminal/memory-text.js";
export { type CatalogueRow, renderNetworks } from "./terminal/network-list.js";
export { type ProfileTable, renderProfile } from "./terminal/profile-text.js";
export {
  renderScaled,
  renderSeries,
  renderWithinBudget,
  type ScaledFacts,
  type SeriesFacts,
  type WithinBudgetFacts,
} from "./terminal/scaled-text.js";
export { renderScalingSearch } from "./terminal/scaling-search-text.js";
export {
  type ComparedStudy,
  renderSearch,
  renderStudies,
  renderStudyComparison,
  renderTrials,
  type SearchReport,
} from "./terminal/search-text.js";
export { renderCurves, sparkline } from "./terminal/text-curves.js";
