export { searchInStudy } from "./search.js";
export { shownPlace } from "./sql.js";
export { openStudyStore, type StoredTrial, type StudyKind, type StudyStore, type StudySummary } from "./store.js";
export { contradictionIn, trialFields } from "./trial-schema.js";
export { fromStored } from "./trials.js";
