/** How long reading will take, by the first pictures. */
import { formatDuration } from "../../base/index.js";
import type { OnProgress } from "../../data/index.js";
import type { Progress } from "./progress.js";

/** Pictures, or seconds, after which the pace is believed. */
const MEASURED = { pictures: 16, seconds: 2 };
/** Reading that takes more of the job's time is said at once. */
const MOST_OF_TIME = 0.5;
/** Of the time that is recommended, what reading takes. */
const SHARE_OF_ENOUGH = 0.25;

/**
 * @param seconds the job's time, in which reading counts; where there is none, nothing can be too slow.
 * @param now in milliseconds.
 */
export function readingProgress(
  progress: Progress,
  seconds?: number,
  now: () => number = () => performance.now(),
): OnProgress {
  const began = now();
  let part = { text: "", began, done: 0 };
  let isSaid = seconds === undefined;
  return (done, total, text) => {
    const at = now();
    // What is done when a part is first told of took time before that, which is in the part before.
    if (text !== part.text) part = { text, began: at, done };
    const elapsed = (at - part.began) / 1000;
    const counted = done - part.done;
    const left = counted > 0 ? ((total - done) * elapsed) / counted : undefined;
    progress.update({ text, fraction: done / total, ...(left !== undefined && { secondsLeft: left }) });
    if (isSaid || left === undefined || text !== "decoding images") return;
    if (counted < MEASURED.pictures && elapsed < MEASURED.seconds) return;
    isSaid = true;
    const whole = (at - began) / 1000 + left;
    if (whole > MOST_OF_TIME * seconds!) progress.line(tooSlow(total, whole, seconds!), "warning");
  };
}

function tooSlow(pictures: number, whole: number, seconds: number): string {
  const minutes = Math.ceil(whole / SHARE_OF_ENOUGH / 60);
  const after = whole < seconds ? "the training gets what is left" : "one epoch follows it";
  return `reading ${pictures.toLocaleString("en")} pictures will take about ${formatDuration(whole)} of the ${formatDuration(seconds)} given, and ${after}: give --time ${minutes}m, or smaller copies of the pictures; what was read is kept for the next run`;
}
