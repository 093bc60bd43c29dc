export { shownPlace } from "./place.js";
export { searchInStudy } from "./search-in-study.js";
export { openStudyStore, type StoredTrial, type StudyKind, type StudyStore, type StudySummary } from "./store.js";
export { fromStored } from "./stored-trials.js";
export { contradictionIn, trialFields } from "./trial-schema.js";
