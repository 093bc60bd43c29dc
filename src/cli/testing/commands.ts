import { defineCommand } from "../command.js";

/** One command with every kind of argument and option; it returns what it was given. */
export const echo = defineCommand({
  name: "echo",
  summary: "Give back what was understood",
  description: "Takes one of everything, so that help, parsing and types can be seen together.",
  examples: [["bantam echo photos --max-macs 5M --out runs", "everything else as it comes"]],
  arguments: {
    data: { kind: "path", help: "folder of images" },
    sizes: { kind: "integer", help: "input sides", placeholder: "pixels", variadic: true, optional: true, min: 1 },
  },
  options: {
    "max-macs": { kind: "count", help: "multiply-accumulates per image, at most", min: 1 },
    memory: { kind: "bytes", default: 256_000, help: "peak activation memory, at most" },
    time: { kind: "duration", default: 600, help: "how long to go on", max: 86_400 },
    network: { kind: "choice", of: ["mobilenet-v1", "mobilenet-v2"], default: "mobilenet-v2", help: "what to train" },
    threads: { kind: "integer", env: "BANTAM_THREADS", min: 1, max: 64, help: "processor threads" },
    width: { kind: "number", placeholder: "FACTOR", default: 1, help: "width multiplier" },
    name: { kind: "text", help: "what to call it" },
    out: { kind: "path", required: true, help: "folder for the results" },
    overwrite: { kind: "flag", help: "replace earlier results" },
    calibrate: { kind: "flag", default: true, help: "leave out the calibration" },
  },
  run: async (values) => ({ ...values }),
  show: (result, { paint }) => `${paint.bold(result.network)} in ${result.data}`,
});
