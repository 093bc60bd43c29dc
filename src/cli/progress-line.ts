/**
 * Progress of long work. On a terminal: one live line, redrawn in place, below the permanent lines. Elsewhere (a log, a CI
 * service): plain lines, the rarer the longer the work runs.
 */
import { formatDuration, formatPercent } from "../base/index.js";
import type { Progress, ProgressUpdate } from "../jobs/index.js";
import type { Output } from "./io.js";
import { createPaint, cutToWidth, displayWidth, printable } from "./terminal.js";

export type LiveProgress = Progress & {
  /** Removes the live line. Further calls may follow. */
  done(): void;
};

const redrawMs = 100;
const plainGapMs = 5000;
const barWidth = 20;

/**
 * @param stream usually stderr; its width is read at every drawing, as a terminal may be resized.
 * @param interactive whether the stream is a terminal on which a line can be redrawn.
 * @param now in milliseconds.
 */
export function createProgress(
  stream: Pick<Output, "write" | "columns">,
  options: { readonly colour: boolean; readonly interactive: boolean; readonly now: () => number },
): LiveProgress {
  return options.interactive ? liveProgress(stream, options) : plainProgress(stream, options.now);
}

type Stream = Pick<Output, "write" | "columns">;

function liveProgress(stream: Stream, { colour, now }: { colour: boolean; now: () => number }): LiveProgress {
  let phase = "";
  let latest: ProgressUpdate | null = null;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;

  const clear = () => {
    if (isDrawn) stream.write("\r\x1b[K");
    isDrawn = false;
  };
  const draw = () => {
    if (latest === null) return;
    // The last column stays free: some terminals wrap as soon as it is filled.
    stream.write(`\r${liveLine(phase, latest, (stream.columns || 80) - 1, colour)}\x1b[K`);
    drawnAt = now();
    isDrawn = true;
  };
  const update = (next: ProgressUpdate) => {
    latest = next;
    if (now() - drawnAt >= redrawMs) draw();
  };
  return {
    phase: (name, text = "") => {
      phase = name;
      update({ text });
    },
    update,
    line: (text) => {
      const redraw = isDrawn;
      clear();
      stream.write(`${text}\n`);
      if (redraw) draw();
    },
    done: () => {
      clear();
      latest = null;
      drawnAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Whatever fits: first the columns go, the last first, then the bar, then the time left; at the end the text is cut. */
function liveLine(phase: string, update: ProgressUpdate, width: number, colour: boolean): string {
  const paint = createPaint(colour);
  const text = oneLine(update.text);
  const columns = (update.columns ?? []).map(oneLine);
  const left = timeLeft(update);
  const percent = percentOf(update);
  const bar = percent === null ? null : barOf(update.fraction!);

  const layouts: (string | null)[][] = [];
  for (let kept = columns.length; kept >= 0; kept--)
    layouts.push([phase, bar, percent, text, ...columns.slice(0, kept), left]);
  layouts.push([phase, percent, text, left], [phase, percent, text]);
  const present = (part: string | null): part is string => part !== null && part !== "";
  const parts = layouts
    .map((layout) => layout.filter(present))
    .find((layout) => displayWidth(layout.join("  ")) <= width);
  if (parts === undefined) return cutToWidth([phase, percent, text].filter(present).join("  "), width);
  return parts.map((part) => (part === phase ? paint.bold(part) : part === bar ? paint.cyan(part) : part)).join("  ");
}

function plainProgress(stream: Stream, now: () => number): LiveProgress {
  let phase = "";
  let phaseAt = now();
  let printedAt = Number.NEGATIVE_INFINITY;
  let isComplete = false;
  const print = (...parts: (string | null)[]) => {
    stream.write(`${parts.filter((part) => part !== null && part !== "").join(" · ")}\n`);
  };
  return {
    phase: (name, text = "") => {
      phase = name;
      phaseAt = now();
      printedAt = phaseAt;
      isComplete = false;
      print(phase, oneLine(text));
    },
    update: (update) => {
      const completes = update.fraction === 1 && !isComplete;
      // A twentieth of the time so far: an hour of work fills under a hundred lines, a day under two hundred.
      const gap = Math.max(plainGapMs, (now() - phaseAt) / 20);
      if (!completes && now() - printedAt < gap) return;
      printedAt = now();
      isComplete ||= completes;
      print(
        phase,
        percentOf(update)?.trim() ?? null,
        oneLine(update.text),
        ...(update.columns ?? []).map(oneLine),
        timeLeft(update),
      );
    },
    line: (text) => {
      stream.write(`${text}\n`);
    },
    done: () => {},
  };
}

function barOf(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return "━".repeat(filled) + "─".repeat(barWidth - filled);
}

function percentOf({ fraction }: ProgressUpdate): string | null {
  if (fraction === undefined || !Number.isFinite(fraction)) return null;
  // Rounded down: 100 % is said when it is done.
  return formatPercent(Math.floor(Math.min(1, Math.max(0, fraction)) * 100) / 100, 0).padStart(5);
}

function timeLeft({ secondsLeft }: ProgressUpdate): string | null {
  if (secondsLeft === undefined || !Number.isFinite(secondsLeft)) return null;
  return `${formatDuration(Math.max(secondsLeft < 60 ? Math.round(secondsLeft) : secondsLeft, 0))} left`;
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}
