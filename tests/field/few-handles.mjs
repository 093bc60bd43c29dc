/** Preloaded into a process: once it says that it reads images, all file handles but HANDLES are taken. */
import { closeSync, openSync } from "node:fs";

const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (text, ...rest) => {
  if (/reading images/.test(String(text))) occupy(Number(process.env.HANDLES));
  return write(text, ...rest);
};

let occupied = false;
function occupy(spare) {
  if (occupied) return;
  occupied = true;
  const taken = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    for (const handle of taken.slice(0, spare)) closeSync(handle);
  }
}
