/** A process of its own that downloads `argv[2]`, a `HubFile` and its options in JSON, and prints the path. */
import { downloadFromHub } from "../hub.js";

const { file, options } = JSON.parse(process.argv[2]!);
process.stdout.write(
  await downloadFromHub(file, {
    ...options,
    env: {},
    onProgress: ({ receivedBytes }) => void process.stderr.write(`${receivedBytes}\n`),
  }),
);
