/**
 * What measured accuracies allow one to say. Seeds are few, so all networks of an experiment lend each other their spread: one
 * pooled variance, as in an analysis of variance. Networks that scatter differently would need more seeds.
 */
import { meanOf, squaredDeviations, tQuantile } from "../base/index.js";

/** A network and its accuracy under each seed; none where every training failed. */
export type Measured = { readonly key: string; readonly macs: number; readonly accuracies: readonly number[] };

/** Standard deviation of one training, and the degrees of freedom behind it; null where no network has two seeds. */
export type Noise = { readonly deviation: number; readonly df: number } | null;

export function pooledNoise(networks: readonly Measured[]): Noise {
  const repeated = networks.filter(({ accuracies }) => accuracies.length > 1);
  const df = repeated.reduce((sum, { accuracies }) => sum + accuracies.length - 1, 0);
  if (df === 0) return null;
  const squares = repeated.reduce((sum, { accuracies }) => sum + squaredDeviations(accuracies), 0);
  return { deviation: Math.sqrt(squares / df), df };
}

/** `margin` is half of its 95 % interval; null where nothing is known of the noise. */
export type Difference = { readonly difference: number; readonly margin: number | null };

/**
 * The best by mean accuracy (of equals the cheaper), and all that may be as good: those whose mean is not below it by more than
 * chance explains, at 5 % for all comparisons together (Bonferroni). Without any noise known, exact equals alone.
 *
 * @returns null where nothing was measured.
 */
export function bestOf(
  networks: readonly Measured[],
): { readonly best: string; readonly ties: readonly string[]; readonly noise: Noise } | null {
  const measured = networks.filter(({ accuracies }) => accuracies.length > 0);
  const [best, ...others] = measured.toSorted(
    (a, b) => meanOf(b.accuracies) - meanOf(a.accuracies) || a.macs - b.macs || (a.key < b.key ? -1 : 1),
  );
  if (best === undefined) return null;
  const noise = pooledNoise(measured);
  const ties = others.filter((other) => {
    const { difference, margin } = difference95(weighted(best, 1), weighted(other, 1), noise, others.length);
    return difference <= (margin ?? 0);
  });
  return { best: best.key, ties: ties.map(({ key }) => key), noise };
}

/** Gain in accuracy from one point of a line to the next, for each doubling of the multiply-adds. */
export type Gain = Difference & { readonly from: string; readonly to: string };

/** Points without a finished training are passed over, and so are those that cost no more than the point before. */
export function gainsPerDoubling(line: readonly Measured[], noise: Noise): Gain[] {
  const steps: Gain[] = [];
  let previous: Measured | null = null;
  for (const point of line) {
    if (point.accuracies.length === 0 || (previous !== null && point.macs <= previous.macs)) continue;
    if (previous !== null) {
      const doublings = Math.log2(point.macs / previous.macs);
      const { difference, margin } = difference95(weighted(point, 1), weighted(previous, 1), noise);
      steps.push({
        from: previous.key,
        to: point.key,
        difference: difference / doublings,
        margin: margin === null ? null : margin / doublings,
      });
    }
    previous = point;
  }
  return steps;
}

/**
 * How far a network is above a line of others at equal multiply-adds; between two points the line is straight over the logarithm
 * of the multiply-adds, as it is drawn.
 *
 * @param line by rising multiply-adds.
 * @returns null where the line does not reach to the network's multiply-adds.
 */
export function leadAtEqualMacs(network: Measured, line: readonly Measured[], noise: Noise): Difference | null {
  const known = line.filter(({ accuracies }) => accuracies.length > 0);
  const after = known.findIndex(({ macs }) => macs >= network.macs);
  if (network.accuracies.length === 0 || after === -1) return null;
  const right = known[after]!;
  if (right.macs === network.macs) return difference95(weighted(network, 1), weighted(right, 1), noise);
  const left = known[after - 1];
  if (left === undefined) return null;
  const share = Math.log(network.macs / left.macs) / Math.log(right.macs / left.macs);
  return difference95(weighted(network, 1), [...weighted(left, 1 - share), ...weighted(right, share)], noise);
}

type Weighted = { readonly mean: number; readonly count: number; readonly weight: number };

const weighted = ({ accuracies }: Measured, weight: number): Weighted[] => [
  { mean: meanOf(accuracies), count: accuracies.length, weight },
];

function difference95(a: readonly Weighted[], b: readonly Weighted[], noise: Noise, comparisons = 1): Difference {
  const total = (parts: readonly Weighted[]) => parts.reduce((sum, { mean, weight }) => sum + weight * mean, 0);
  const difference = total(a) - total(b);
  if (noise === null) return { difference, margin: null };
  const variance = [...a, ...b].reduce((sum, { count, weight }) => sum + weight ** 2 / count, 0);
  const margin = tQuantile(1 - 0.025 / comparisons, noise.df) * noise.deviation * Math.sqrt(variance);
  return { difference, margin };
}
