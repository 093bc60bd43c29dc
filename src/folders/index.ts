export { requireApart } from "./apart.js";
export type { Asked, Difference, Words } from "./differences.js";
export { byName, imagesOf } from "./differences.js";
export { checked, readDocument, readSealed, type Wording, writeSealed } from "./document.js";
export { type Folder, type FolderJob, openFolder, requireFolder, requireSameRun } from "./folder.js";
export { removeWeights } from "./job-files.js";
export { acquireLock } from "./lock.js";
export { checkedRun, keyOf, type RanOn, type RunFile, ranOnInWords, readRunFile, runFilePath } from "./run-file.js";
