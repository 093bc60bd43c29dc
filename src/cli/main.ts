#!/usr/bin/env node
import { VERSION } from "../jobs/index.js";
import { commands } from "./commands/index.js";
import { main, nodeIo } from "./index.js";

process.exitCode = await main(process.argv.slice(2), commands, nodeIo(VERSION));

// Everything is said, and who pressed Ctrl-C waits for no server. The system's look-up of a name cannot be cut short, and even
// `process.exit` waits for it as long as a resolver does not answer: then a signal ends the process, which is 130 to a shell, too.
if (process.exitCode === 130) setTimeout(end, 500).unref();

function end() {
  const looksUp = process.getActiveResourcesInfo().includes("GetAddrInfoReqWrap");
  if (looksUp) process.kill(process.pid, "SIGINT");
  else process.exit(130);
}
