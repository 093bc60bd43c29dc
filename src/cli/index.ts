export type { AnyCommand, Command, Context, Values, View } from "./command.js";
export { type Io, nodeIo } from "./io.js";
export { main } from "./program.js";
export type { Paint } from "./terminal.js";
