export { bestWithin, type Sized } from "./best-within.js";
export { portfolio } from "./portfolio.js";
export { trainingWork } from "./training-work.js";
