import { describe, expect, test } from "vitest";
import { ModelError, UsageError } from "../base/index.js";
import { buildArchitecture, networkNames, parseArchitecture } from "./index.js";

describe("parseArchitecture", () => {
  test("gives every published network back from JSON", () => {
    for (const name of networkNames) {
      const architecture = buildArchitecture(name);
      expect(parseArchitecture(JSON.parse(JSON.stringify(architecture)), "file")).toEqual(architecture);
    }
  });

  test("lists every wrong, missing and unknown field with its path", () => {
    const { dropout: _, ...rest } = buildArchitecture("efficientnet-b0");
    const stages = rest.stages.map((stage, i) => (i === 2 ? { ...stage, kernel: 4, chanels: 24 } : stage));
    const broken = { ...rest, stages, resolution: "224", stem: { ...rest.stem, channels: 0 } };
    const error = caught(() => parseArchitecture(broken, "shoes.safetensors"));
    expect(error).toBeInstanceOf(ModelError);
    expect((error as Error).message).toMatchInlineSnapshot(`
      "shoes.safetensors: expected an architecture, received 5 wrong fields
        resolution: expected number, received string
        stem.channels: Too small: expected number to be >=1
        stages.2.kernel: expected one of 1|3|5|7
        stages.2.chanels: unknown field
        dropout: expected number, received nothing"
    `);
  });

  test("knows what a separable block cannot have", () => {
    const architecture = buildArchitecture("mobilenet-v1");
    const { squeezeExcite } = buildArchitecture("efficientnet-b0").stages[0]!;
    const stages = [{ ...architecture.stages[0], expansion: 6, squeezeExcite }];
    expect(() => parseArchitecture({ ...architecture, stages }, "file")).toThrow(
      "2 wrong fields\n  stages.0.expansion: expected 1 in a separable block\n  stages.0.squeezeExcite: expected null",
    );
  });

  test("knows which blocks may have a kernel of 1, and which a first filter", () => {
    const architecture = buildArchitecture("mobilenet-v2");
    const stages = [{ ...architecture.stages[0], kernel: 1, startKernel: 3 }];
    expect(() => parseArchitecture({ ...architecture, stages }, "file")).toThrow(
      "2 wrong fields\n  stages.0.kernel: expected 3, 5 or 7 in an invertedResidual block\n  stages.0.startKernel: expected none",
    );
  });

  test("refuses what is no object at all", () => {
    expect(() => parseArchitecture(null, "file")).toThrow(
      /^file: expected an architecture, received a wrong field\n {2}\(the whole\): /,
    );
  });
});

describe("buildArchitecture", () => {
  test("suggests the nearest name", () => {
    const error = caught(() => buildArchitecture("MobilNetV2"));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatchInlineSnapshot(`
      "network: expected the name of a published network, received "MobilNetV2"
        hint: did you mean "mobilenet-v2"? \`bantam networks\` lists them all"
    `);
  });

  test.each([
    [{ width: 0 }, "width: expected a multiplier above 0, at most 16, received 0"],
    [{ width: Number.NaN }, "width: expected a multiplier above 0, at most 16, received NaN"],
    [{ depth: -1 }, "depth: expected a multiplier above 0, at most 16, received -1"],
    [{ resolution: 4 }, "resolution: expected a whole number of pixels, 8 to 4096, received 4"],
    [{ resolution: 96.5 }, "resolution: expected a whole number of pixels, 8 to 4096, received 96.5"],
    [{ classes: 1 }, "classes: expected a whole number, 2 to 1000000, received 1"],
  ] as const)("refuses %o", (options, message) => {
    const error = caught(() => buildArchitecture("mobilenet-v2", options));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toBe(message);
  });
});

function caught(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
