/** Passwords and tokens on the command line: whatever goes wrong, none is printed, and none becomes the name of a folder. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { makePhotos } from "../photos.js";
import { createPlace } from "../place.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const { place, run } = createPlace();
beforeAll(() => makePhotos(place("photos"), 4));

async function bantam(...words: string[]) {
  const { code, stdout, stderr } = await run(words, { BANTAM_DEBUG: "1", PGPASSWORD: "s3cret" });
  return { code, text: stdout + stderr };
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
      ...(hasScheme(address) ? [["study", "show", place(), address]] : []),
      ["search", place("photos"), "--trials", "1", "--study", address],
      ["scaling-study", place("photos"), `--study=${address}`],
      ["search", place("photos"), "--trials", address],
      ["study", address, "ls"],
      ["study", "ls", place(), "--out", address],
      ["fit", place("none"), "--studdy", address],
      ["fit", place("none"), `--studdy=${address}`],
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
    const made = (await readdir(place())).concat(await readdir("."));
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
    HF_HOME: place("hub"),
  };
  const words = [program, "export", "--weights", "hf:timm/mobilenetv3_small_050.lamb_in1k", "--out", place("a.onnx")];
  const failed = await promisify(execFile)(process.execPath, words, { env, cwd: place() }).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stdout + failed.stderr).not.toContain("s3cret");
}, 60_000);
