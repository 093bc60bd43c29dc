/**
 * ln |det A| by Gaussian elimination with partial pivoting; −∞ for a singular matrix.
 *
 * @param matrix `[n, n]`, row-major; left as it was.
 */
export function logAbsDeterminant(matrix: Float64Array, n: number): number {
  const a = Float64Array.from(matrix);
  let log = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    const top = a[pivot * n + k]!;
    if (top === 0) return Number.NEGATIVE_INFINITY;
    log += Math.log(Math.abs(top));
    for (let j = k; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j]!, a[k * n + j]!];
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / top;
      for (let j = k; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
    }
  }
  return log;
}
