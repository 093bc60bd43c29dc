/** What is done to a batch after its pictures were assembled: mixing, noise, and what the teacher sees of it. */
import type { Rng } from "../../base/index.js";
import type { Noise } from "../../networks/index.js";
import type { Tensor } from "../../runtime/index.js";
import type { Mixing } from "../recipe/recipe.js";
import { type Batch, noiseMask } from "./batch.js";
import { mixed } from "./mixing.js";

export type Finish = {
  readonly mixing: Mixing;
  /** The masks that the step asks for. */
  readonly noise: readonly Noise[];
  /** From the student's image, as it is then, to the teacher's. */
  readonly teacher: ((image: Tensor) => readonly [string, Tensor]) | undefined;
};

export function finished(assembled: Batch, { mixing, noise, teacher }: Finish, rng: Rng): Batch {
  const batch = mixed(assembled, mixing, rng.fork("mixing"));
  const masks = noise.map(
    ({ input, kind, rate, shape }) => [input.name, noiseMask(shape, rate, rng.fork(`${kind}/${input.name}`))] as const,
  );
  return { ...batch, noise: teacher === undefined ? masks : [...masks, teacher(batch.image)] };
}
