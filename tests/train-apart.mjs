/**
 * One training by the built library in a process of its own, a checkpoint every step, that may end itself by SIGKILL.
 *
 *     node tests/train-apart.mjs setup.json OUT [STEPS MILLISECONDS]
 *
 * Prints a line an epoch. With the last two it is killed so long after so many steps.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../dist/base/index.js";
import { openMetrics } from "../dist/jobs/train/metrics.js";
import { chooseEngine } from "../dist/runtime/index.js";
import { runTraining, savedCourse } from "../dist/training/index.js";

const [file, out, killAfterStep, killAfterMs] = process.argv.slice(2);
const { train, validation, ...setup } = JSON.parse(await readFile(file, "utf8"));

const imageSet = ({ labels, pictures, size }) => ({
  count: labels.length,
  size,
  channels: 1,
  labels: Int32Array.from(labels),
  sources: [],
  close: () => {},
  read: (index, into, offset) => into.set(pictures[index], offset),
});

const checkpoints = { folder: join(out, "checkpoints"), run: "a", everySeconds: 0 };
let steps = 0;
try {
  const { curve } = await savedCourse(checkpoints, setup.epochs);
  const metrics = await openMetrics(out, { earlier: curve, tensorboard: false });
  await runTraining({
    ...setup,
    engine: await chooseEngine("auto", 1),
    rng: createRng(1),
    checkpoints,
    train: imageSet(train),
    validation: imageSet(validation),
    onStep: () => {
      if (++steps === Number(killAfterStep))
        setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(killAfterMs));
    },
    onEpoch: async (record) => {
      process.stdout.write(`epoch ${record.epoch}\n`);
      await metrics.add(record);
    },
    onNotice: (text) => process.stdout.write(`${text}\n`),
  });
} catch (error) {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = error.exitCode ?? 70;
}
