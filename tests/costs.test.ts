/** What networks cost, as people ask for it: `profile` with its files, `compare`. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { buildArchitecture } from "../src/networks/index.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

async function json(...words: string[]) {
  const { code, stdout, stderr } = await bantam(...words, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("profile", () => {
  test("takes width and pixels in the name, and draws the network above its layers", async () => {
    const { code, stdout } = await bantam("profile", "mobilenet-v2-0.35@144");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mobilenet-v2 · 144×144 px/);
    expect(stdout).toMatch(/^stage +map +channels +of MACs\nstem +72 +#/m);
    expect(stdout).toMatch(/^layer +kind +output/m); // whole rows, where no terminal limits them
  });

  test("--explain gives the rules in place of the layers; --json both", async () => {
    const { stdout } = await bantam("profile", "mobilenet-v2", "--explain");
    expect(stdout).toMatch(/without γ and β of batch norm +3 470 760 +−34 112/);
    expect(stdout).not.toContain("stages.0.0");
    const { explanation, layers } = await json("profile", "mobilenet-v2", "--explain");
    expect(explanation.rules[0]).toMatchObject({ figure: 3_504_872, difference: 0 });
    expect(layers.length).toBeGreaterThan(40);
  });

  test("takes an architecture of one's own, at another resolution too, and no figure printed for a namesake", async () => {
    const architecture = {
      ...buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 96, classes: 5 }),
      name: "mobilenet-v2",
    };
    await writeFile(place("own.json"), JSON.stringify(architecture));
    expect(await json("profile", place("own.json"))).toMatchObject({
      network: "mobilenet-v2",
      resolution: 96,
      classes: 5,
      params: 402_533,
    });
    const { resolution, memory } = await json("profile", place("own.json"), "--resolution", "224", "--memory");
    expect({ resolution, published: memory.published }).toEqual({ resolution: 224, published: [] });
  });

  test.each([
    ["page.html", /^<!doctype html>[\s\S]*<\/html>\n$/],
    ["Picture.SVG", /^<svg xmlns=[\s\S]*<\/svg>\n$/],
  ])("--out %s writes the file and says so", async (name, form) => {
    const { code, stdout } = await bantam("profile", "mnasnet-small", "--out", place(name));
    expect(code).toBe(0);
    expect(stdout).toContain(`written: ${place(name)}\n`);
    expect(await readFile(place(name), "utf8")).toMatch(form);
  });
});

describe("compare", () => {
  test("gives costs, published accuracy and rivals of each", async () => {
    const { networks, rivals } = await json("compare", "efficientnet-b4", "mobilenet-v2-0.4");
    expect(networks).toMatchObject([
      { network: "efficientnet-b4", params: 19_341_616, macs: 4_393_771_024, published: { top1: 0.829, top5: 0.964 } },
      { network: "mobilenet-v2-0.4", published: null },
    ]);
    expect(rivals.map(({ label, quantity }: { label: string; quantity: string }) => `${label} ${quantity}`)).toEqual([
      "EfficientNet-B4 macs",
      "EfficientNet-B4 params",
    ]);
  });

  test("without names, compares them all", async () => {
    const { code, stdout } = await bantam("compare");
    expect(code).toBe(0);
    for (const name of ["mobilenet-v1", "mnasnet-b1", "efficientnet-b7", "efficientnet-lite4"])
      expect(stdout).toMatch(new RegExp(`^${name} `, "m"));
  });

  test.each([
    ["figure.svg", /^<svg xmlns=[\s\S]*16× fewer[\s\S]*<\/svg>\n$/],
    ["page.html", /^<!doctype html>[\s\S]*16× fewer[\s\S]*<\/html>\n$/],
    ["data.csv", /^network,family,[\s\S]*\r\nResNet-152,,0\.778,0\.938,60000000,11000000000,/],
  ])("--out %s", async (name, form) => {
    const { code, stdout } = await bantam("compare", "efficientnet-b1", "--out", place(name));
    expect(code).toBe(0);
    expect(stdout).toContain(`written: ${place(name)}\n`);
    expect(await readFile(place(name), "utf8")).toMatch(form);
  });
});

test("of two networks, one misspelt, the other is compared", async () => {
  const { code, stdout, stderr } = await bantam("compare", "mobilenet-v2", "mobilnet-v1");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^mobilenet-v2 +224 +3\.5 M/m);
  expect(stderr).toMatch(/did you mean "mobilenet-v1"/);
});

test.each([
  [["profile", "mobilenet-v2", "--out", "ROOT/x.png"], 2, /--out: expected a name that ends in \.html or \.svg/],
  [["profile", "ROOT/own.json", "--classes", "5"], 2, /--classes: expected a published network beside it/],
  [["profile", "ROOT/own.json", "--explain"], 2, /--explain: expected a published network, received .*own\.json/],
  [["profile", "ROOT/none.json"], 1, /none\.json: expected a file that can be read/],
  [["compare", "mobilenet-v2", "--out", "ROOT/x"], 2, /--out: expected a name that ends in \.html or \.svg or \.csv/],
  [["compare", "mobilnet-v1"], 2, /did you mean "mobilenet-v1"/],
  [["compare", "mobilenet-v2@20000"], 2, /resolution: expected a whole number of pixels/],
  [["compare", "--out", "ROOT/nowhere/x.svg"], 1, /a file that can be written/],
] as const)("%j is refused", async (words, expected, message) => {
  const before = await readdir(place());
  const { code, stdout, stderr } = await bantam(...words.map((word) => word.replace("ROOT", place())));
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
  expect(await readdir(place())).toEqual(before);
});
