/**
 * Which process something belongs to, and whether that one is still there. By a number alone a process could be mistaken for a
 * later one, so its start counts too, where the system tells it. Node only.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

export type ProcessMark = {
  readonly pid: number;
  readonly host: string;
  /** In the system's own ticks; null where the system does not say. */
  readonly start: string | null;
};

let own: ProcessMark | undefined;

export function thisProcess(): ProcessMark {
  own ??= { pid: process.pid, host: hostname(), start: startOf(process.pid) };
  return own;
}

/** null where nothing can be known of it from here: it is another machine's. */
export function lives({ pid, host, start }: ProcessMark): boolean | null {
  if (host !== thisProcess().host) return null;
  try {
    process.kill(pid, 0); // sends nothing, and throws where there is no such process
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = startOf(pid);
  return start === null || now === null || start === now;
}

function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the process, in parentheses, may hold spaces; the start is the 20th field after it.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
