/** Fits with few unknowns, none of them negative. */

/**
 * The x ≥ 0 that makes Σᵢ (rowᵢ · x − targetᵢ)² least.
 *
 * The best x is the plain least-squares solution over the unknowns that it does not set to 0, so all choices of those are
 * tried: 2ⁿ small solves, exact and without an iteration that could stall. Of unknowns that the rows cannot tell apart, some
 * are set to 0.
 *
 * @param rows all of one length n, at most 12.
 * @returns n numbers.
 */
export function nonNegativeLeastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const n = rows[0]?.length ?? 0;
  if (n > 12) throw new Error(`internal: ${n} unknowns are too many to try all choices`);
  // Columns of one length: kernels are counted in ones, multiply-accumulates in millions.
  const lengths = Array.from({ length: n }, (_, j) => Math.sqrt(sum(rows, (row) => row[j]! ** 2)));
  const scaled = rows.map((row) => row.map((value, j) => (lengths[j] === 0 ? 0 : value / lengths[j]!)));
  const products = lengths.map((_, j) => lengths.map((_, k) => sum(scaled, (row) => row[j]! * row[k]!)));
  const wanted = lengths.map((_, j) => sum(scaled, (row, i) => row[j]! * targets[i]!));

  let best = { error: 0, x: new Array<number>(n).fill(0) };
  for (let choice = 1; choice < 2 ** n; choice++) {
    const chosen = lengths.flatMap((_, j) => (choice & (1 << j) ? [j] : []));
    const solution = solve(
      chosen.map((j) => chosen.map((k) => products[j]![k]!)),
      chosen.map((j) => wanted[j]!),
    );
    if (solution === null || solution.some((value) => value < 0)) continue;
    // At a solution the squared error is |targets|² − wanted · x; the first term is the same for all.
    const error = -chosen.reduce((total, j, i) => total + wanted[j]! * solution[i]!, 0);
    if (error >= best.error) continue;
    const x = new Array<number>(n).fill(0);
    chosen.forEach((j, i) => {
      x[j] = solution[i]! / lengths[j]!;
    });
    best = { error, x };
  }
  return best.x;
}

/** Below this share of a diagonal element, a pivot is rounding: the column is a combination of those before. */
const SINGULAR = 1e-10;

/** The solution of a symmetric positive definite system by Cholesky's factors; null when it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const n = right.length;
  const lower: number[][] = matrix.map(() => []);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= lower[i]![k]! * lower[j]![k]!;
      if (i > j) lower[i]!.push(rest / lower[j]![j]!);
      else if (rest > SINGULAR * matrix[i]![i]!) lower[i]!.push(Math.sqrt(rest));
      else return null;
    }
  }
  const x = [...right];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}

function sum(rows: readonly (readonly number[])[], term: (row: readonly number[], i: number) => number): number {
  return rows.reduce((total, row, i) => total + term(row, i), 0);
}
