/** A thread that fills batches. What it imports is loaded anew in every thread: no decoder, no engine. */
import { parentPort } from "node:worker_threads";
import { createRng, packed } from "../base/index.js";
import type { FillAnswer, FillQuestion } from "./batch-workers.js";
import { fillBatch, type Pictures } from "./fill-batch.js";
import { readerOf } from "./shared-pictures.js";

const port = parentPort!;
let pictures: Pictures | null = null;

port.on("message", (question: FillQuestion) => {
  if (question.kind === "open") {
    const { size, channels, shared } = question;
    pictures = { size, channels, read: readerOf(shared) };
    return;
  }
  const { id, indices, options, seed, into } = question;
  try {
    fillBatch(pictures!, indices, { ...options, rng: seed === null ? null : createRng(seed) }, into);
    port.postMessage({ id, thrown: null, filled: into } satisfies FillAnswer, [into.buffer as ArrayBuffer]);
  } catch (error) {
    port.postMessage({ id, thrown: packed(error) } satisfies FillAnswer);
  }
});
