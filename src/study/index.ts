export { searchInStudy } from "./search.js";
export { openStudyStore, type StoredTrial, type StudyKind, type StudyStore, type StudySummary } from "./store.js";
