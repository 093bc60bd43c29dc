/**
 * Seeded random numbers. A generator is an argument, never a global, so a run repeats from its seed.
 * `fork(label)` gives an independent stream whose numbers do not depend on how many were drawn from the parent:
 * adding a draw in one place moves nothing elsewhere.
 */
export interface Rng {
  /** `createRng` of it draws, from the beginning, the same numbers: how another thread comes by them. */
  readonly seed: string;
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Standard normal. */
  normal(): number;
  choice<T>(items: readonly T[]): T;
  /** A new array in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
  fork(label: string | number): Rng;
}

/** Small Fast Counter, 32-bit variant: passes PractRand, four words of state. @source Chris Doty-Humphrey, PractRand `sfc32`. */
export function createRng(seed: number | string): Rng {
  const root = String(seed);
  let [a, b, c] = [fnv1a(`${root}/a`), fnv1a(`${root}/b`), fnv1a(`${root}/c`)];
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();

  const uniform = () => next() / 0x1_0000_0000;
  const integer = (n: number) => Math.floor(uniform() * n);
  return {
    seed: root,
    uniform,
    integer,
    // Box–Muller; 1 − u keeps the logarithm away from zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    choice: (items) => {
      if (items.length === 0) throw new RangeError("internal: choice from an empty list");
      return items[integer(items.length)]!;
    },
    shuffle: (items) => {
      const order = [...items];
      for (let i = order.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
    fork: (label) => createRng(`${root}/${label}`),
  };
}

/** 32-bit FNV-1a with a final avalanche (murmur3's), so that near-equal labels give unrelated words. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
