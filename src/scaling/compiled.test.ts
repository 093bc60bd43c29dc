import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { costsOfProfile } from "../cost/index.js";
import {
  buildArchitecture,
  countArchitecture,
  divisibleSteps,
  makeDivisible,
  networkNames,
  profileArchitecture,
} from "../networks/index.js";
import { compileNetwork } from "./compiled.js";
import { latticeOf } from "./lattice.js";
import { shapeOf } from "./network-shape.js";

/** Every family's rules of rounding, those of other releases too. */
const names = [...networkNames, "torch-mobilenet-v3-large", "torch-mnasnet-b1", "timm-mobilenet-v3-small"];

describe.each(names)("%s", (name) => {
  const lattice = latticeOf(name);
  const { depths, widths, sides } = lattice;
  const network = compileNetwork(lattice);
  const rng = createRng(name);
  const random = (): [number, number, number] => [
    rng.integer(depths.length),
    rng.integer(widths.length),
    rng.integer(sides.length),
  ];

  test("costs as compiled are costs as counted", () => {
    for (let i = 0; i < 100; i++) {
      const place = random();
      expect(network.costsAt(...place), `${place}`).toEqual(countArchitecture(network.architectureAt(...place)));
    }
  });

  test("the lattice holds the published network, and steps are other networks, of ascending size", () => {
    const at = (multiplier: number) => (step: { readonly multiplier: number }) => step.multiplier === multiplier;
    const place = [depths.findIndex(at(1)), widths.findIndex(at(1)), sides.indexOf(shapeOf(name).resolution * 224)];
    const [depth, width, side] = place as [number, number, number];
    expect(network.architectureAt(depth, width, side)).toEqual(buildArchitecture(name));

    const rising = (sizes: readonly number[]) => sizes.every((size, i) => i === 0 || size > sizes[i - 1]!);
    expect(rising(depths.map(({ size }) => size))).toBe(true);
    expect(rising(widths.map(({ size }) => size))).toBe(true);
    // At the largest depth: a step in width may be one of the repeats' alone.
    const built = widths.map((_, w) => JSON.stringify(network.architectureAt(depths.length - 1, w, side)));
    expect(new Set(built).size).toBe(widths.length);
  });

  test("in a region no cost falls with depth, width or resolution", () => {
    for (const { sides: band, runs } of network.bands) {
      for (const [narrow, wide] of runs()) {
        const within = (low: number, high: number) => low + rng.integer(high - low + 1);
        const small = [rng.integer(depths.length), within(narrow, wide), within(...band)] as const;
        const large = [within(small[0], depths.length - 1), within(small[1], wide), within(small[2], band[1])] as const;
        const [less, more] = [network.costsAt(...small), network.costsAt(...large)];
        for (const cost of ["params", "macs", "weightBytes", "peakActivationBytes"] as const)
          expect(less[cost], `${cost} at ${small} and ${large}`).toBeLessThanOrEqual(more[cost]);
      }
    }
  });
});

// A block that gains a residual keeps one more map: seen from the other side, a wider network may need less memory.
test.each(["mobilenet-v2", "mnasnet-a1", "efficientnet-lite0"])(
  "%s: where a cost falls with width, another region begins",
  (name) => {
    const { depths, widths, sides, ...rest } = latticeOf(name, { resolutions: [32, 33, 64, 224] });
    const { bands, costsAt } = compileNetwork({ depths, widths, sides, ...rest });
    const fallsTo = (depth: number, width: number, side: number) => {
      const [narrower, wider] = [costsAt(depth, width - 1, side), costsAt(depth, width, side)];
      return (["params", "macs", "weightBytes", "peakActivationBytes"] as const).some((c) => wider[c] < narrower[c]);
    };
    let falls = 0;
    for (const {
      sides: [first, last],
      runs,
    } of bands) {
      const beginnings = new Set(runs().map(([narrowest]) => narrowest));
      for (let side = first; side <= last; side++)
        for (const depth of [0, depths.length - 1])
          for (let width = 1; width < widths.length; width++) {
            if (!fallsTo(depth, width, side)) continue;
            falls++;
            expect(beginnings, `${depth}, ${width}, ${sides[side]} px`).toContain(width);
          }
    }
    expect(falls).toBeGreaterThan(0);
  },
);

test("costs as compiled are costs of the graph", () => {
  for (const name of names) {
    const { depths, widths, sides, ...rest } = latticeOf(name);
    const network = compileNetwork({ depths, widths, sides, ...rest });
    const rng = createRng(name);
    // Not too deep: a graph of 100 blocks takes its time.
    const place = [rng.integer(depths.length >> 1), rng.integer(widths.length), rng.integer(sides.length)] as const;
    const profile = profileArchitecture(network.architectureAt(...place));
    expect(network.costsAt(...place), `${name} at ${place}`).toEqual(costsOfProfile(profile));
  }
});

test.each([4, 8])("makeDivisible by %d goes on to another multiple at its steps and nowhere else", (divisor) => {
  const steps = divisibleSteps(divisor, 200);
  for (let width = 0.25; width < 200; width += 0.01) {
    const passed = steps.filter((step) => step <= width).length;
    expect(makeDivisible(width, divisor), `${width}`).toBe(divisor * (1 + passed));
  }
});
