export { acquireLock } from "./lock.js";
