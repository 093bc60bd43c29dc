import { type Candidate, candidateOf, genesOf, type SearchSpace } from "./space.js";

/** How many candidates there are. */
export function spaceSize(space: SearchSpace): number {
  return genesOf(space).reduce((size, { options }) => size * options.length, 1);
}

/** Every candidate once, the smallest first, the last gene changing fastest. */
export function* enumerateCandidates(space: SearchSpace): Generator<Candidate, void> {
  const counts = genesOf(space).map(({ options }) => options.length);
  if (counts.includes(0)) return;
  const choices = counts.map(() => 0);
  for (;;) {
    yield candidateOf(space, choices);
    let gene = counts.length - 1;
    while (gene >= 0 && ++choices[gene]! === counts[gene]) choices[gene--] = 0;
    if (gene < 0) return;
  }
}
