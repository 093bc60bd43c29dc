/**
 * To be imported before `onnxruntime-node`. From 1.30 on its native library, outside Windows, keeps a queue for its makers' servers
 * under the user's cache, with the metadata of each model that it loads: class names, folder names, golden pictures. It reads the
 * variable once, when it is loaded.
 * @source onnxruntime 1.30, `onnxruntime/core/platform/posix/telemetry.cc`: `ORT_DISABLE_TELEMETRY`
 */
import { isMainThread } from "node:worker_threads";

const variable = "ORT_DISABLE_TELEMETRY";

/**
 * Whether the native library will find the variable. A thread has a copy of the environment, so that it can only be told in the main
 * thread, or before the process begins.
 */
export const telemetryIsOff = isMainThread || process.env[variable] === "1";

process.env[variable] = "1";
