export { type Comparison, renderComparisonCsv } from "./comparison-facts.js";
export { type DataFacts, dataLines, leftOutLines } from "./data-facts.js";
export { type Explanation, renderExplanation } from "./explanation.js";
export type * from "./fit-report.js";
export { accuracyInWords } from "./kit/interval.js";
export type { TextOptions } from "./kit/text-table.js";
export { renderComparisonSvg } from "./pages/accuracy-figure.js";
export { renderComparisonPage } from "./pages/compare-page.js";
export { renderFitReport } from "./pages/fit-page.js";
export { type MemoryTimelineFacts, renderMemoryTimeline } from "./pages/memory-timeline.js";
export { type ProfilePage, renderProfilePage, renderProfileSvg } from "./pages/profile-page.js";
export { renderCompoundSvg, renderSettingsSvg, renderSingleSvg } from "./pages/scaling-figures.js";
export { renderScalingStudyPage } from "./pages/scaling-study-page.js";
export { renderSearchPage } from "./pages/search-page.js";
export { renderTrainReport, type TrainReport } from "./pages/train-page.js";
export type { ProfileTable } from "./profile-table.js";
export type * from "./scaling-facts.js";
export { renderScalingCsv } from "./scaling-findings.js";
export type { SearchReport } from "./search-report.js";
export { type CheckReport, renderCheck } from "./terminal/check-text.js";
export { renderComparison } from "./terminal/comparison-text.js";
export { renderEvaluation, renderPredictions } from "./terminal/evaluation-text.js";
export { renderFitSummary } from "./terminal/fit-summary.js";
export { type LatencyCheck, type LatencyRow, renderLatency, renderLatencyCheck } from "./terminal/latency-text.js";
export { type MemoryTable, renderMemory } from "./terminal/memory-text.js";
export { type CatalogueRow, renderNetworks } from "./terminal/network-list.js";
export { renderProfile } from "./terminal/profile-text.js";
export {
  renderScaled,
  renderSeries,
  renderWithinBudget,
  type ScaledFacts,
  type SeriesFacts,
  type WithinBudgetFacts,
} from "./terminal/scaled-text.js";
export { renderScalingSearch } from "./terminal/scaling-search-text.js";
export { renderScalingStudy } from "./terminal/scaling-study-text.js";
export {
  type ComparedStudy,
  renderSearch,
  renderStudies,
  renderStudyComparison,
  renderTrials,
} from "./terminal/search-text.js";
export { renderCurves, sparkline } from "./terminal/text-curves.js";
