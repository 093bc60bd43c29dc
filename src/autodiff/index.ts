export { differentiate } from "./gradients.js";
export { withoutUnusedNodes } from "./prune.js";
