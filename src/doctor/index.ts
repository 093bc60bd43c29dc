export { type Diagnosis, diagnose, type Finding, inspect, type Kind, kinds } from "./diagnose.js";
