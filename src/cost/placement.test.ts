import fc from "fast-check";
import { expect, test } from "vitest";
import { aliveAt, type Lifetime } from "./lifetimes.js";
import { placeBuffers } from "./placement.js";

const buffer = (bytes: number, first: number, last: number): Lifetime => ({
  name: `${bytes} over ${first}…${last}`,
  stretches: [{ bytes, first, last, values: [] }],
});

const most = (lifetimes: readonly Lifetime[]) =>
  Math.max(
    ...aliveAt(
      lifetimes.flatMap(({ stretches }) => stretches),
      30,
    ),
  );

/** What the first rule gives, the largest first: an arena that may be as large as it likes is not improved. */
const bySizeAlone = (lifetimes: readonly Lifetime[]) => placeBuffers(lifetimes, Number.POSITIVE_INFINITY).peakBytes;

const anyLifetimes = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.nat(6))
    .map(([bytes, first, steps]) => buffer(bytes, first, first + steps)),
  { minLength: 1, maxLength: 14 },
);

test("where the largest first leaves a gap, another rule closes it", () => {
  const lifetimes = [buffer(2, 0, 2), buffer(3, 2, 4), buffer(4, 0, 1), buffer(2, 2, 2)];
  expect(bySizeAlone(lifetimes)).toBeGreaterThan(most(lifetimes));
  expect(placeBuffers(lifetimes, most(lifetimes)).peakBytes).toBe(most(lifetimes));
});

test("buffers that live together lie apart, and the arena ends where the highest does", () => {
  fc.assert(
    fc.property(anyLifetimes, (lifetimes) => {
      const { offsets, peakBytes } = placeBuffers(lifetimes, most(lifetimes));
      const placed = lifetimes.map((each) => ({ ...each.stretches[0]!, offset: offsets.get(each)! }));
      for (const [i, a] of placed.entries()) {
        expect(a.offset).toBeGreaterThanOrEqual(0);
        for (const b of placed.slice(i + 1)) {
          const together = a.first <= b.last && b.first <= a.last;
          const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
          expect(!together || apart).toBe(true);
        }
      }
      expect(Math.max(...placed.map(({ offset, bytes }) => offset + bytes))).toBe(peakBytes);
      expect(peakBytes).toBeGreaterThanOrEqual(most(lifetimes));
      expect(peakBytes).toBeLessThanOrEqual(bySizeAlone(lifetimes));
    }),
  );
});
