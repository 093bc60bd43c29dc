import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../base/index.js";
import { enumerateCandidates, spaceSize } from "./enumerate.js";
import { genesOf, type SearchSpace } from "./space.js";
import { parseSpaceConfig, spaceJsonSchema } from "./space-config.js";
import { imageSpace, mnasnetSpace, mobilenetV3Space, type SpaceOptions } from "./spaces.js";

const options: SpaceOptions = { classes: 4, channels: 1, resolutions: [20, 28] };
const builtIn = { image: imageSpace, mnasnet: mnasnetSpace, "mobilenet-v3": mobilenetV3Space };
const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

function mistakesOf(source: unknown): string {
  try {
    parseSpaceConfig(source, "space.json")(options);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error("nothing was refused");
}

/** As a file holds it: without what the images decide. */
const asFile = ({ classes: _, channels: __, ...lists }: SearchSpace) => lists;

describe("a file that narrows a built-in space", () => {
  test.each(Object.entries(builtIn))("and names nothing of %s gives the space itself", (base, make) => {
    expect(parseSpaceConfig({ base }, "space.json")(options)).toEqual(make(options));
  });

  test("keeps what it names, in the space's order; other lists stay", () => {
    const text = JSON.stringify({
      base: "image",
      widths: [2, 0.25],
      stages: [{}, { kernels: [5] }, {}, {}, { repeats: [2, 1] }],
    });
    const space = imageSpace(options);
    expect(parseSpaceConfig(text, "space.json")(options)).toEqual({
      ...space,
      widths: [0.25, 2],
      stages: space.stages.map((stage, i) => (i === 1 ? { ...stage, kernels: [5] } : stage)),
    });
  });

  test("may name the sides of the images, in any order, and then they decide the strides", () => {
    const narrowed = parseSpaceConfig({ base: "image", resolutions: [224, 96] }, "space.json")(options);
    expect(narrowed).toEqual(imageSpace({ ...options, resolutions: [96, 224] }));
  });

  test("is refused for images that leave it nothing", () => {
    const make = parseSpaceConfig({ base: "image", stemStrides: [1] }, "space.json");
    expect(make(options).stemStrides).toEqual([1]);
    expect(() => make({ ...options, resolutions: [64] })).toThrow(
      "space.json, for images of 64 px: expected a search space, received a mistake\n" +
        "  stemStrides[0]: expected 2, received 1",
    );
  });
});

describe("a space of one's own", () => {
  test.each(Object.entries(builtIn))("may say the same as %s", (_, make) => {
    const space = make(options);
    expect(parseSpaceConfig(asFile(space), "space.json")({ ...options, resolutions: [64] })).toEqual(space);
  });

  test("has its lists put in order: cheap to expensive", () => {
    const space = mnasnetSpace(options);
    const [first] = space.stages;
    const backwards = {
      ...asFile(space),
      stemStrides: [1, 2],
      hiddenChannels: [64, null, 32],
      activations: ["relu6", "relu"],
      stages: [Object.fromEntries(Object.entries(first!).map(([k, v]) => [k, Array.isArray(v) ? v.toReversed() : v]))],
    };
    expect(parseSpaceConfig(backwards, "space.json")(options)).toEqual({
      ...space,
      stemStrides: [2, 1],
      hiddenChannels: [null, 32, 64],
      activations: ["relu6", "relu"], // neither is cheaper
      stages: [first],
    });
  });

  test("may be a single point, of which it has one candidate", () => {
    const whole = asFile(imageSpace({ ...options, resolutions: [28] }));
    const point = Object.fromEntries(
      Object.entries(whole).map(([key, value]) => [
        key,
        key === "stages"
          ? [
              {
                stride: 2,
                blocks: ["separable"],
                kernels: [3],
                expansions: [1],
                squeezeExcite: [false],
                residual: [false],
                channels: [8],
                repeats: [1],
              },
            ]
          : Array.isArray(value)
            ? value.slice(0, 1)
            : value,
      ]),
    );
    const space = parseSpaceConfig(point, "space.json")(options);
    expect(spaceSize(space)).toBe(1);
    expect([...enumerateCandidates(space)]).toHaveLength(1);
  });
});

describe("mistakes", () => {
  test("are named all at once, each with its path", () => {
    const config = { base: "image", activation: ["relu"], widths: [1, 3], stages: [{ kernels: [7] }, {}, {}, {}, {}] };
    expect(mistakesOf(config)).toBe(
      "space.json: expected a search space, received 3 mistakes\n" +
        "  widths[1]: expected one of 0.25, 0.35, 0.5, 0.75, 1, 1.25, 1.5, 2, received 3\n" +
        "  stages[0].kernels[0]: expected one of 3, 5, received 7\n" +
        "  activation: unknown key; did you mean activations?",
    );
  });

  test.each([
    [{ base: "imagenet" }, 'base: expected one of image, mnasnet, mobilenet-v3, received "imagenet"'],
    [
      { base: "mnasnett", widths: [""] },
      'base: expected one of image, mnasnet, mobilenet-v3, received "mnasnett"; did you',
    ],
    [{ base: "mnasnett", widths: [""] }, 'widths[0]: expected number, received ""'],
    [{ base: "image", activations: ["hardswish"] }, 'received "hardswish"; did you mean hardSwish?'],
    [{ base: "image", widths: [] }, "widths: expected at least one value, received none: the space would be empty"],
    [{ base: "image", widths: [1, 2, 1] }, "widths: expected each value once, received 1 again"],
    [{ base: "image", widths: 1 }, "widths: expected array, received 1"],
    [{ base: "image", headChannels: [null] }, "headChannels[0]: expected one of 128, 192, 256, 384, received null"],
    [{ base: "image", resolutions: [7] }, "resolutions[0]: expected number of at least 8, received 7"],
    [{ base: "image", resolutions: [1e9] }, "resolutions[0]: expected number of at most 4096, received 1000000000"],
    [{ base: "image", stages: [{}, {}] }, "stages: expected all 5 stages, {} for one that stays as it is, received 2"],
    [{ base: "image", stages: [{}, {}, {}, {}, {}, {}] }, "stages: expected array of at most 5 items, received"],
    [
      { base: "image", stages: [{ stride: 1 }, {}, {}, {}, {}] },
      "stages[0].stride: unknown key; expected blocks, kernels,",
    ],
    [{ bas: "image" }, "bas: unknown key; did you mean base?"],
    [{ ...asFile(mnasnetSpace(options)), stages: [] }, "stages: expected at least one stage, received none"],
    [
      { ...asFile(mnasnetSpace(options)), stages: [{ stride: 3, kernel: [3] }] },
      "stages[0].stride: expected one of 1, 2, received 3\n  stages[0].blocks: expected array, received nothing",
    ],
    ["null", "(the whole): expected object, received null"],
    ["[", "space.json: expected JSON that describes a search space, received in line 1, column 2, its end in place of"],
  ])("%j", (source, part) => {
    expect(mistakesOf(source)).toContain(part);
  });
});

describe("the published schema", () => {
  test("is what the program checks by", () => {
    expect(JSON.parse(file("schema/space.schema.json"))).toEqual(JSON.parse(JSON.stringify(spaceJsonSchema())));
  });

  test("is named by the example, which is a space", () => {
    expect(JSON.parse(file("examples/space.json"))).toMatchObject({ $schema: "../schema/space.schema.json" });
    const space = parseSpaceConfig(file("examples/space.json"), "examples/space.json")(options);
    expect(space.stages.map(({ repeats }) => repeats.length)).toEqual([1, 2, 2, 2, 2]);
  });
});

describe("counting", () => {
  const small = JSON.parse(file("results/small-space/space.json")) as SearchSpace;

  test("the small space has 512 candidates: nine choices of two", () => {
    expect(spaceSize(small)).toBe(2 ** 9);
  });

  test("every candidate comes once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }), ([a, b, c]) => {
        const space = {
          ...small,
          resolutions: [8, 9, 10].slice(0, a),
          headChannels: [null, 8, 16].slice(0, b),
          widths: [1, 2, 3].slice(0, c),
          stages: small.stages.slice(0, 2),
        };
        const all = [...enumerateCandidates(space)];
        expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(all.length);
        expect(all.length).toBe(spaceSize(space));
        expect(all.length).toBe(genesOf(space).reduce((product, gene) => product * gene.options.length, 1));
      }),
      { numRuns: 20 },
    );
  });
});
