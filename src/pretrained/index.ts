export type { NetworkChoice } from "./choice.js";
export { type DownloadOptions, downloadFromHub } from "./hub.js";
export { type HubFile, type HubReference, parseHubReference } from "./hub-reference.js";
export { imagenetClasses } from "./imagenet-classes.js";
export { type LoadOptions, loadPretrained } from "./load.js";
export type { LoadContext, LoadProgress } from "./source.js";
export { timmModels } from "./timm-models.js";
