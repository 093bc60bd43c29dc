/** The command line as people meet it: figures, messages, exit codes. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { latencyModel, predictLatency } from "../src/cost/index.js";
import {
  blocksOf,
  buildArchitecture,
  parseArchitecture,
  parseNetwork,
  profileArchitecture,
} from "../src/networks/index.js";
import { writeLatencyTable } from "./latency-table.js";
import { makePhotos } from "./photos.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

beforeAll(async () => {
  await makePhotos(place("photos"), 8);
  await mkdir(place("one", "only"), { recursive: true });
  await mkdir(place("empty", "nothing"), { recursive: true });
  for (const label of ["a", "b"]) {
    await mkdir(place("corrupt", label), { recursive: true });
    for (let i = 0; i < 4; i++) await writeFile(place("corrupt", label, `${i}.jpg`), "no picture");
  }
  await writeFile(place("file"), "a file");
});

describe("profile", () => {
  // Params and MACs at 224 px, 1000 classes: arXiv:1704.04861, 1801.04381, 1905.02244, 1905.11946 print them rounded.
  test.each([
    ["mobilenet-v1", 4_231_976, 568_740_352],
    ["mobilenet-v2", 3_504_872, 300_774_272],
    ["mobilenet-v3-large", 5_483_032, 216_589_760],
    ["efficientnet-b0", 5_288_548, 385_814_752],
  ])("%s prints one JSON document with its published size", async (network, params, macs) => {
    const { code, stdout } = await bantam("profile", network, "--json");
    expect(code).toBe(0);
    const profile = JSON.parse(stdout);
    expect(profile).toMatchObject({ network, resolution: 224, params, macs });
    expect(profile.layers.length).toBeGreaterThan(20);
    expect(profile.weightBytes).toBeGreaterThan(0);
    expect(profile.peakActivationBytes).toBeGreaterThan(0);
  });
});

describe("networks", () => {
  test.each([
    [[], 25],
    [["--all"], 100],
  ] as const)("%j: each line names a network that profile takes", async (flags, least) => {
    const { code, stdout } = await bantam("networks", ...flags, "--json");
    expect(code).toBe(0);
    const rows: readonly Record<string, unknown>[] = JSON.parse(stdout);
    expect(rows.length).toBeGreaterThanOrEqual(least);
    expect(new Set(rows.map(({ network }) => network)).size).toBe(rows.length);
    for (const { network, params, macs, resolution } of rows) {
      const { name, ...options } = parseNetwork(network as string);
      expect(profileArchitecture(buildArchitecture(name, options))).toMatchObject({ params, macs, resolution });
    }
  });

  test("prints paper, year, size and accuracy", async () => {
    const { stdout } = await bantam("networks");
    expect(stdout).toMatch(/Howard et al. 2017, arXiv:1704.04861\n {2}mobilenet-v1 +224 +4.23 M +568.7 M +70.9 %/);
  });
});

describe("bench", () => {
  test("measures a network of one's own, and keeps it out of tables", async () => {
    const file = place("own.json");
    await writeFile(file, JSON.stringify(buildArchitecture("mobilenet-v1", { width: 0.25, resolution: 32 })));
    const words = ["bench", file, "--device", "wasm", "--threads", "1", "--seconds", "0.05", "--json", "--quiet"];
    const { code, stdout } = await bantam(...words);
    expect(code).toBe(0);
    const [row] = JSON.parse(stdout).rows;
    expect(row).toMatchObject({ network: file, provider: "wasm", threads: 1 });
    expect(row.timing.medianMs).toBeGreaterThan(0);
    const table = await bantam("bench", file, "--table", place("table.json"));
    expect(table).toMatchObject({ code: 2 });
    expect(table.stderr).toMatch(/^error: --table: expected published networks beside it, received .*own\.json$/m);
  }, 30_000);
});

describe("scale", () => {
  test("keeps every limit", async () => {
    const { code, stdout } = await bantam(
      "scale",
      "mobilenet-v3-small",
      "--max-macs",
      "150M",
      "--max-params",
      "8M",
      "--json",
    );
    expect(code).toBe(0);
    const { costs, architecture, binding } = JSON.parse(stdout);
    const { params, macs, weightBytes, peakActivationBytes } = profileArchitecture(
      parseArchitecture(architecture, "stdout"),
    );
    expect(costs).toEqual({ params, macs, weightBytes, peakActivationBytes, latencyMs: null });
    expect(macs).toBeLessThanOrEqual(150e6);
    expect(macs).toBeGreaterThan(0.97 * 150e6);
    expect(params).toBeLessThanOrEqual(8e6);
    expect(binding).toEqual(["macs"]);
  });

  test("keeps a limit on time by a table of measured blocks, or says what the smallest network takes", async () => {
    const file = place("latency.json");
    const measured = await writeLatencyTable(file);

    const words = ["scale", "mobilenet-v3-small", "--resolutions", "96,128,160", "--latency-table", file];
    const { code, stdout } = await bantam(...words, "--max-latency", "5ms", "--json");
    expect(code).toBe(0);
    const { architecture, costs, binding, shares, measuredOn } = JSON.parse(stdout);
    const chain = blocksOf(parseArchitecture(architecture, "stdout"));
    expect(costs.latencyMs).toBe(predictLatency(chain, latencyModel(measured)).ms);
    expect(costs.latencyMs).toBeLessThanOrEqual(5);
    expect(shares[0].share).toBeGreaterThan(0.97);
    expect({ binding, runtime: measuredOn.runtime }).toEqual({ binding: ["latencyMs"], runtime: "an engine" });
    expect((await bantam(...words, "--max-latency", "5ms")).stdout).toMatch(
      /^latency +4\.\d+ ms +5\.00 ms +9.* binds$/m,
    );

    const none = await bantam(...words, "--max-latency", "0.2ms");
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(
      /expected at most 0\.2 ms, received [\d.]+ ms in the smallest network there is: depth × 0\.1/,
    );
  });
});

describe("mistakes end in a message and an exit code", () => {
  test.each([
    ["a missing folder", ["fit", "ROOT/nowhere"], 1, /expected a folder of images, received no such folder/],
    ["one class only", ["fit", "ROOT/one"], 1, /class/],
    ["empty classes", ["fit", "ROOT/empty"], 1, /class/],
    ["every file corrupt", ["fit", "ROOT/corrupt"], 1, /0\.jpg/],
    ["a budget that nothing fits", ["fit", "ROOT/photos", "--max-params", "10"], 3, /smallest network there is/],
    [
      "an output folder below a file",
      ["fit", "ROOT/photos", "--out", "ROOT/file/out"],
      1,
      /expected a folder that can be written/,
    ],
    ["an unknown flag", ["fit", "ROOT/photos", "--max-mac", "5M"], 2, /--max-mac.*unknown[\s\S]*--max-macs/],
    ["a wrong count", ["fit", "ROOT/photos", "--max-macs", "five"], 2, /--max-macs/],
    ["an unknown network", ["profile", "mobilenet-v9"], 2, /did you mean "mobilenet-v1"/],
    ["an unknown command", ["fitt"], 2, /fit/],
    [
      "both φ and limits",
      ["scale", "efficientnet-b0", "--phi", "1", "--max-macs", "1G"],
      2,
      /either limits, --phi or --table/,
    ],
    [
      "limits below the smallest network",
      ["scale", "mobilenet-v2", "--max-macs", "1k"],
      3,
      /received [\d,]+ MACs in the smallest network there is/,
    ],
    ["a latency without a table", ["scale", "mobilenet-v2", "--max-latency", "5ms"], 2, /--latency-table/],
    [
      "coefficients beside limits",
      ["scale", "efficientnet-b0", "--max-macs", "1G", "--gamma", "1.3"],
      2,
      /^error: --gamma: expected --phi or --table beside it, received limits$/m,
    ],
    [
      "sides beside φ",
      ["scale", "efficientnet-b0", "--phi", "1", "--resolutions", "96"],
      2,
      /^error: --resolutions: expected limits such as --max-macs 400M beside it, received --phi$/m,
    ],
    [
      "sides that are none",
      ["scale", "mobilenet-v2", "--max-macs", "1G", "--resolutions", "96;128"],
      2,
      /--resolutions/,
    ],
    [
      "whose latency, without a table",
      ["scale", "mobilenet-v2", "--max-macs", "1G", "--threads", "2"],
      2,
      /^error: --threads: expected --latency-table beside it, received none$/m,
    ],
    [
      "one size where a series is asked for",
      ["scale", "efficientnet-b0@160", "--table"],
      2,
      /^error: --table: expected a whole series: efficientnet-b0, received efficientnet-b0@160$/m,
    ],
    [
      "outputs of a series",
      ["scale", "efficientnet-b0", "--table", "--classes", "10"],
      2,
      /^error: --classes: expected --phi or limits beside it, received --table$/m,
    ],
    ["a series of one", ["scale", "mobilenet-v2", "--table"], 2, /several sizes/],
    ["a model that is none", ["predict", "ROOT/file", "ROOT/file"], 1, /\.onnx or \.safetensors/],
  ] as const)("%s", async (_, words, expected, message) => {
    const out = place("out");
    const places = words.map((word) => word.replace("ROOT", place()));
    const isFit = words[0] === "fit" && !words.includes("--out" as never);
    const { code, stderr, stdout } = await bantam(...places, ...(isFit ? ["--out", out] : []));
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(stderr).not.toMatch(/^\s+at /m); // no stack trace
    expect(stdout).toBe("");
    const left = await readdir(out).catch(() => []);
    expect(left.filter((name) => /model|report|tmp/.test(name))).toEqual([]);
  });
});
