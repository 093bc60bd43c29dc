export { openStudyStore, type StoredTrial, type StudyKind, type StudyStore, type StudySummary } from "./store.js";
export { fromStored, toStored } from "./trials.js";
