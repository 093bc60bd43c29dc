/** Passwords and tokens on the command line: whatever goes wrong, none is printed, and none becomes the name of a folder. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { main } from "../../src/cli/index.js";
import { createFakeIo } from "../../src/cli/testing/fake-io.js";
import { makePhotos } from "../photos.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-secrets-"));
  await makePhotos(join(root, "photos"), 4);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function bantam(...words: string[]) {
  const io = createFakeIo({
    BANTAM_CACHE: join(root, "cache"),
    BANTAM_DEBUG: "1",
    NO_COLOR: "1",
    PGPASSWORD: "s3cret",
  });
  const code = await main(words, commands, io);
  return { code, text: io.stdout.text + io.stderr.text };
}

// Nobody listens at port 9; a name below .invalid is nobody's.
const addresses = [
  "postgres://u:12/34s3cret@127.0.0.1:9/b",
  "postgres://u:12?34s3cret@127.0.0.1:9/b",
  "postgres://u:1#s3cret@127.0.0.1:9/b",
  "postgres://u@127.0.0.1:9/b?PASSWORD=s3cret",
  "postgres://127.0.0.1:9/b?sslpassword=s3cret&passfile=s3cret&password=s3cret",
  "POSTGRES://u:s3cret@127.0.0.1:9/b",
  "PostgreSQL://u:s3cret@127.0.0.1:9/b",
  "postgresql+asyncpg://u:s3cret@127.0.0.1:9/b",
  "postgres://u:s3cret@127.0.0.1:9,127.0.0.1:10/b",
  "postgres://u:s3cret@%2Fnowhere/b",
  "postgres://u:s3cret@/b?host=/nowhere",
  "postgres:u:s3cret@127.0.0.1:9/b",
  "postgres:/u:s3cret@127.0.0.1/b",
  "  'postgres://u:s3cret@127.0.0.1:9/b'",
  "postgres://u:a b\"s3cret'@127.0.0.1:9/b",
  "postgres://u:s3cret@h@ost.invalid/b",
  "postgres://u:50%s3cret@127.0.0.1:9/b",
  "postgres://u:s3cret\n@127.0.0.1:9/b",
  "jdbc:postgresql://127.0.0.1:9/b?user=u&password=s3cret",
  "mysql://u:s3cret@127.0.0.1/b",
  "host=127.0.0.1 port=9 password=s3cret",
  "u:s3cret@127.0.0.1:9/b",
];

test.each(addresses)(
  "%j",
  async (address) => {
    const lines = [
      ["study", "ls", address],
      ["study", "compare", address, "a", "b"],
      ...(hasScheme(address) ? [["study", "show", root, address]] : []),
      ["search", join(root, "photos"), "--trials", "1", "--study", address],
      ["scaling-study", join(root, "photos"), `--study=${address}`],
      ["search", join(root, "photos"), "--trials", address],
      ["study", address, "ls"],
      ["study", "ls", root, "--out", address],
      ["fit", join(root, "none"), "--studdy", address],
      ["fit", join(root, "none"), `--studdy=${address}`],
      ["study", "ls", "--out", `--place=${address}`],
    ].filter((line) => /^(study|search|scaling-study)$/.test(line[0]!) || hasScheme(address));
    for (const line of lines) {
      for (const more of [[], ["--json"]]) {
        const { code, text } = await bantam(...line, ...more);
        expect(code, text).toBeGreaterThan(0);
        expect(text).not.toContain("s3cret");
        expect(text).not.toContain("internal");
      }
    }
    const made = (await readdir(root)).concat(await readdir("."));
    expect(made.filter((name) => /s3cret|postgres|mysql|host=|^u:/i.test(name))).toEqual([]);
  },
  60_000,
);

const hasScheme = (address: string) => /postgres|:\/\//i.test(address);

test("the Hub's token is not printed, by whatever a download fails", async () => {
  const env = {
    ...process.env,
    HF_TOKEN: "hf_s3cretToken",
    HF_ENDPOINT: "http://127.0.0.1:9",
    BANTAM_DEBUG: "1",
    HF_HOME: join(root, "hub"),
  };
  const words = [
    program,
    "export",
    "--weights",
    "hf:timm/mobilenetv3_small_050.lamb_in1k",
    "--out",
    join(root, "a.onnx"),
  ];
  const failed = await promisify(execFile)(process.execPath, words, { env, cwd: root }).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stdout + failed.stderr).not.toContain("s3cret");
}, 60_000);
