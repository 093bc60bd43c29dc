export { type Diagnosis, diagnose, type Finding, type Inspected, inspect, kinds } from "./diagnose.js";
