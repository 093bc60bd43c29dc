export { type AnyCommand, type Command, type Context, defineCommand, type Values, type View } from "./command.js";
export { type Io, nodeIo } from "./io.js";
export { parseCommandLine } from "./parse.js";
export { main } from "./program.js";
export { createProgress, type Progress, type ProgressUpdate, silentProgress } from "./progress.js";
export { createPaint, cutToWidth, displayWidth, type Paint } from "./terminal.js";
