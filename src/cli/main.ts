#!/usr/bin/env node
import { VERSION } from "../fit/index.js";
import { commands } from "./commands/index.js";
import { main, nodeIo } from "./index.js";

process.exitCode = await main(process.argv.slice(2), commands, nodeIo(VERSION));
