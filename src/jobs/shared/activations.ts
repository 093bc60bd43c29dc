import { type Architecture, profileArchitecture } from "../../networks/index.js";

/**
 * Numbers that the layers of a network give out for one image. The time that training takes goes with these, since small networks wait
 * for memory more than for arithmetic.
 */
export function activationsOf(architecture: Architecture): number {
  const { layers } = profileArchitecture(architecture);
  return layers.reduce((sum, { activationBytes }) => sum + activationBytes / 4, 0);
}
