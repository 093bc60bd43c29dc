/**
 * A network's lattice with its costs compiled: any candidate is counted in well under a microsecond.
 *
 * Costs rise with depth, width and resolution, with two exceptions. Where a smaller image takes a stride out of the network, its maps grow;
 * and where rounding makes a block's input and output equally wide, the block gains a residual, whose map it then has to keep. So the lattice
 * falls into regions: ranges of resolutions with the same strides, and in each, ranges of widths with the same residuals. Within a
 * region no cost ever falls, and that is what the search builds on.
 */
import type { Costs } from "../cost/index.js";
import { type Architecture, buildArchitecture, fitStrides } from "../networks/index.js";
import {
  compileWidth,
  countMacs,
  countMemory,
  countParams,
  countWeightBytes,
  levelsOf,
  residualPattern,
  type WidthForms,
} from "./budget-forms.js";
import type { Lattice } from "./lattice.js";

/** First and last place, both included. */
export type Places = readonly [first: number, last: number];

/** Resolutions with the same strides. */
export type Band = {
  readonly sides: Places;
  /** Ranges of widths with the same residuals, ascending. Computed when first asked for. */
  readonly runs: () => readonly Places[];
};

export type CompiledNetwork = {
  readonly lattice: Lattice;
  /** From the finest resolutions to the coarsest. Its `sides` and one of its `runs` are a region. */
  readonly bands: readonly Band[];
  /** Exactly what `countArchitecture` counts. Arguments are places in the lattice. */
  readonly costsAt: (depth: number, width: number, side: number) => Costs;
  /** Whether a candidate keeps the limits; it stops at the first that is broken. */
  readonly fits: (depth: number, width: number, side: number, limits: Costs) => boolean;
  readonly architectureAt: (depth: number, width: number, side: number) => Architecture;
};

export function compileNetwork(lattice: Lattice): CompiledNetwork {
  const { name, classes, channels, depths, widths, sides, repeats } = lattice;
  const { beyond, maskAt, repeated } = repetitionsOf(depths);
  const strides = sides.map((side) => levelsOf(atSide(0, side)));
  const squares = sides.map((side, i) =>
    Float64Array.from({ length: strides[i]! }, (_, l) => Math.ceil(side / 2 ** l) ** 2),
  );
  // One list for each number of strides, filled when first asked for.
  const compiled = strides.map((): (WidthForms | undefined)[] => []);
  for (let i = 1; i < sides.length; i++) if (strides[i] === strides[i - 1]) compiled[i] = compiled[i - 1]!;
  const residualsAt = (side: number) => widths.map((_, width) => residualPattern(atSide(width, sides[side]!)));

  return { lattice, bands: bandsOf(strides, residualsAt), costsAt, fits, architectureAt };

  function atSide(width: number, side: number): Architecture {
    return fitStrides({ ...widths[width]!.architecture, resolution: side });
  }

  function formsAt(width: number, side: number): WidthForms {
    const forms = compiled[side]!;
    forms[width] ??= compileWidth(atSide(width, sides[side]!), repeats, repeated);
    return forms[width];
  }

  function costsAt(depth: number, width: number, side: number): Costs {
    const forms = formsAt(width, side);
    return {
      params: countParams(forms, beyond[depth]!),
      macs: countMacs(forms, beyond[depth]!, squares[side]!),
      weightBytes: countWeightBytes(forms, beyond[depth]!),
      peakActivationBytes: countMemory(forms.memory[maskAt[depth]!]!, squares[side]!),
    };
  }

  function fits(depth: number, width: number, side: number, limits: Costs): boolean {
    const forms = formsAt(width, side);
    const counts = beyond[depth]!;
    if (countMacs(forms, counts, squares[side]!) > limits.macs) return false;
    if (countMemory(forms.memory[maskAt[depth]!]!, squares[side]!) > limits.peakActivationBytes) return false;
    return countParams(forms, counts) <= limits.params && countWeightBytes(forms, counts) <= limits.weightBytes;
  }

  function architectureAt(depth: number, width: number, side: number): Architecture {
    return buildArchitecture(name, {
      classes,
      channels,
      resolution: sides[side]!,
      depth: depths[depth]!.multiplier,
      width: widths[width]!.multiplier,
    });
  }
}

/** Of each depth, the blocks of each row beyond its first, and which of the masks says what rows have any: memory depends on no more. */
function repetitionsOf(depths: Lattice["depths"]): {
  readonly beyond: readonly Float64Array[];
  readonly maskAt: readonly number[];
  readonly repeated: readonly (readonly boolean[])[];
} {
  const beyond = depths.map(({ repeats }) => Float64Array.from(repeats, (count) => count - 1));
  const names = beyond.map((counts) => String(counts.map(Math.sign)));
  const masks = [...new Set(names)];
  return {
    beyond,
    maskAt: names.map((mask) => masks.indexOf(mask)),
    repeated: masks.map((mask) => mask.split(",").map((sign) => sign === "1")),
  };
}

/** @param strides by side. @param residualsAt a side, those of each width. */
function bandsOf(strides: readonly number[], residualsAt: (side: number) => readonly unknown[]): Band[] {
  return rangesOf(strides)
    .map((sides): Band => {
      let runs: readonly Places[] | undefined;
      return {
        sides,
        runs: () => {
          runs ??= rangesOf(residualsAt(sides[0]));
          return runs;
        },
      };
    })
    .reverse();
}

/** Where equal values stand in a row. */
function rangesOf(values: readonly unknown[]): Places[] {
  const starts = values.flatMap((value, i) => (i === 0 || value !== values[i - 1] ? [i] : []));
  return starts.map((start, i) => [start, (starts[i + 1] ?? values.length) - 1]);
}
