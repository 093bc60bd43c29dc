/** Where the numbers of `accuracyModel` come from: least squares over published results. */
import { originOf, publishedResults } from "../../networks/index.js";
import { type AccuracyModel, predictTop1 } from "../accuracy.js";
import { type Shape, shapeOf } from "../network-shape.js";
import { ablations } from "./ablations.js";

export type Result = {
  /** In which the network was published. */
  readonly paper: string;
  /** Results of one group share a family and a way of training: only their differences say something about size. */
  readonly group: string;
  readonly shape: Shape;
  readonly top1: number;
};

/** Every published result of these networks in the release of their papers, and the ablations. */
export function resultsToFit(): Result[] {
  const paperOf = (network: string) => originOf(network).paper.source;
  const published = publishedResults.flatMap(({ network, width, resolution, top1, source }): Result[] => {
    if (network === null || top1 === null || resolution === null) return [];
    // Nor those of which most are no scaled ones: there are no differences of size to learn from.
    if (/^(torch|timm)-|^(efficientnet-v2|mobilenet-v4)-/.test(network)) return [];
    const shape = shapeOf(network, { width, resolution });
    const paper = paperOf(network);
    const family = network.startsWith("efficientnet") ? paper : network;
    return [{ paper, group: `${family}: ${source}`, shape, top1 }];
  });
  const rows = ablations.map(
    ({ network, source, shape, top1 }): Result => ({
      paper: paperOf(network),
      group: `${network}: ${source}`,
      shape,
      top1,
    }),
  );
  return [...published, ...rows];
}

/** The model by which the baseline of each group predicts the others best. */
export function fitAccuracy(results: readonly Result[]): AccuracyModel {
  const groups = groupsOf(results);
  const loss = (point: readonly number[]) =>
    sumOfSquares(groups.flatMap((group) => residualsOf(group, modelOf(point))));
  let best = START;
  // A simplex that has shrunk too early gets going again from where it stopped.
  for (let round = 0; round < ROUNDS; round++) best = minimize(loss, best);
  return modelOf(best);
}

/** What is left where each group's baseline predicts its other networks: predicted − printed, fractions. */
export function residualsUnder(model: AccuracyModel, results: readonly Result[]): number[] {
  return groupsOf(results).flatMap((group) => residualsOf(group, model));
}

/** The same, each paper's networks under a model that was fitted to the other papers'. */
export function heldOutResiduals(results: readonly Result[]): number[] {
  return [...new Set(results.map(({ paper }) => paper))].flatMap((paper) => {
    const model = fitAccuracy(results.filter((result) => result.paper !== paper));
    const unseen = results.filter((result) => result.paper === paper);
    return residualsUnder(model, unseen);
  });
}

export const rootMeanSquare = (numbers: readonly number[]) => Math.sqrt(sumOfSquares(numbers) / numbers.length);

const sumOfSquares = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x * x, 0);

type Group = { readonly baseline: Result; readonly others: readonly Result[] };

/** Those with a baseline and something to predict from it. */
function groupsOf(results: readonly Result[]): Group[] {
  return [...new Set(results.map(({ group }) => group))].flatMap((name) => {
    const members = results.filter(({ group }) => group === name);
    const baseline = members.find(({ shape: { depth, width, resolution } }) => depth * width * resolution === 1);
    const others = members.filter((member) => member !== baseline);
    return baseline === undefined || others.length === 0 ? [] : [{ baseline, others }];
  });
}

const ROUNDS = 5;

/** Logarithms, so that nothing becomes negative, in the order in which `modelOf` takes them up. */
const START: readonly number[] = Array<number>(10).fill(0);

function modelOf(point: readonly number[]): AccuracyModel {
  const [power, depthCost, widthCost, resolutionCost, p, s, ...large] = point.map(Math.exp) as Ten;
  const [largePower, depth, width, resolution] = large;
  return {
    small: {
      power,
      cost: { depth: depthCost, width: widthCost, resolution: resolutionCost },
      exponent: { depth: p, width: p, resolution: s },
    },
    large: { power: largePower, exponent: { depth, width, resolution } },
  };
}

type Ten = [number, number, number, number, number, number, number, number, number, number];

/** What is left of the errors that a group's baseline predicts for its other networks. */
function residualsOf({ baseline, others }: Group, model: AccuracyModel): number[] {
  return others.map(({ shape, top1 }) => predictTop1(shape, baseline, model) - top1);
}

/** Downhill by a simplex. @source Nelder and Mead 1965, The Computer Journal 7(4), with its usual coefficients */
function minimize(f: (point: readonly number[]) => number, start: readonly number[]): readonly number[] {
  const at = (point: readonly number[]) => ({ point, value: f(point) });
  const from = (centre: readonly number[], point: readonly number[], step: number) =>
    at(centre.map((c, i) => c + step * (point[i]! - c)));
  let simplex = [start, ...start.map((_, i) => start.map((x, j) => (i === j ? x + 0.3 : x)))].map(at);
  for (let step = 0; step < 3000; step++) {
    simplex = simplex.toSorted((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0]!, simplex.at(-1)!];
    if (worst.value - best.value < 1e-12) break;
    const others = simplex.slice(0, -1);
    const centre = start.map((_, i) => others.reduce((total, { point }) => total + point[i]!, 0) / others.length);
    const reflected = from(centre, worst.point, -1);
    if (reflected.value < best.value) {
      const expanded = from(centre, worst.point, -2);
      simplex = [...others, expanded.value < reflected.value ? expanded : reflected];
    } else if (reflected.value < others.at(-1)!.value) {
      simplex = [...others, reflected];
    } else {
      const contracted = from(centre, worst.point, 0.5);
      simplex =
        contracted.value < worst.value
          ? [...others, contracted]
          : simplex.map(({ point }) => from(best.point, point, 0.5));
    }
  }
  return simplex.toSorted((a, b) => a.value - b.value)[0]!.point;
}
