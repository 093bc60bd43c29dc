#!/usr/bin/env node
import { VERSION } from "../fit/index.js";
import { evalCommand } from "./commands/eval.js";
import { exportCommand } from "./commands/export.js";
import { fitCommand } from "./commands/fit.js";
import { predictCommand } from "./commands/predict.js";
import { profileCommand } from "./commands/profile.js";
import { scaleCommand } from "./commands/scale.js";
import { trainCommand } from "./commands/train.js";
import { main, nodeIo } from "./index.js";

export const commands = [
  fitCommand,
  profileCommand,
  scaleCommand,
  trainCommand,
  evalCommand,
  predictCommand,
  exportCommand,
];

process.exitCode = await main(process.argv.slice(2), commands, nodeIo(VERSION));
