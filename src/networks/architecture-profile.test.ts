import { describe, expect, test } from "vitest";
import { profileGraph } from "../cost/index.js";
import { sizeOf } from "../ir/index.js";
import { buildArchitecture, buildNetwork, networkNames, profileArchitecture } from "./index.js";
import { tinyNetwork } from "./testing/tiny.js";

describe("memory", () => {
  test.each([
    ["mobilenet-v1", (32 + 64) * 112 ** 2], //              block 0: into and out of the pointwise convolution
    ["mobilenet-v2", 96 * 112 ** 2 + 96 * 56 ** 2], //      block 1: the expanded map before and after its depthwise
    ["efficientnet-b0", 96 * 112 ** 2 + 96 * 56 ** 2], //   the same
    ["mobilenet-v3-large", 64 * 112 ** 2 + 64 * 56 ** 2],
  ] as const)("%s is largest where its widest map is filtered", (name, elements) => {
    expect(profileArchitecture(buildArchitecture(name)).peakActivationBytes).toBe(4 * elements);
  });

  test.each([...networkNames.slice(0, 5), "tiny"])("%s: what is shipped is the folded graph", (name) => {
    const architecture = name === "tiny" ? tinyNetwork() : buildArchitecture(name);
    const { graph } = buildNetwork(architecture, { batch: 1, mode: "folded" });
    const folded = profileGraph(graph);
    const profile = profileArchitecture(architecture);
    expect(profile.weightBytes).toBe(4 * graph.parameters.reduce((sum, { value }) => sum + sizeOf(value.shape), 0));
    expect(profile.weightBytes).toBe(folded.weightBytes);
    expect(profile.peakActivationBytes).toBe(folded.peakActivationBytes);
    expect(profile.macs).toBe(folded.macs);
  });
});

describe("parts", () => {
  test.each(networkNames)("of %s add up to the whole", (name) => {
    const { stages, params, macs } = profileArchitecture(buildArchitecture(name));
    expect(stages.reduce((sum, stage) => sum + stage.params, 0)).toBe(params);
    expect(stages.reduce((sum, stage) => sum + stage.macs, 0)).toBe(macs);
  });

  test("are told as the paper's table tells them", () => {
    const { stages } = profileArchitecture(buildArchitecture("mobilenet-v3-small", { classes: 10 }));
    const lines = stages.map((part) => {
      const { name, block, kernel, stride, expansion, squeezeExcite, activation, output } = part;
      const facts = [
        block,
        `${kernel}×${kernel}`,
        `s${stride}`,
        expansion?.toFixed(2),
        squeezeExcite && "SE",
        activation,
      ];
      return `${name}: ${facts.filter(Boolean).join(" ")} → ${output.join("×")}`;
    });
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "stem: convolution 3×3 s2 hardSwish → 16×112×112
      stage 1: inverted residual 3×3 s2 1.00 SE relu → 16×56×56
      stage 2: inverted residual 3×3 s2 4.50 relu → 24×28×28
      stage 3: inverted residual 3×3 s1 3.67 relu → 24×28×28
      stage 4: inverted residual 5×5 s2 4.00 SE hardSwish → 40×14×14
      stage 5: inverted residual ×2 5×5 s1 6.00 SE hardSwish → 40×14×14
      stage 6: inverted residual ×2 5×5 s1 3.00 SE hardSwish → 48×14×14
      stage 7: inverted residual ×3 5×5 s2 6.00 SE hardSwish → 96×7×7
      head: convolution 1×1 s1 hardSwish → 576×7×7
      hidden: fully connected 1×1 s1 hardSwish → 1024×1×1
      classifier: fully connected 1×1 s1 linear → 10×1×1"
    `);
  });

  test("a network without a head has none", () => {
    const { stages } = profileArchitecture(buildArchitecture("mobilenet-v1"));
    expect(stages.map(({ name }) => name)).toEqual([
      "stem",
      ...["stage 1", "stage 2", "stage 3", "stage 4", "stage 5"],
      "classifier",
    ]);
    expect(stages[4]).toMatchObject({ block: "depthwise separable ×6", expansion: null, output: [512, 14, 14] });
  });
});
