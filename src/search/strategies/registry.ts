/** Every strategy that needs nothing but its options. Those that need an engine are made above and handed in. */
import { UsageError } from "../../base/index.js";
import type { Strategy } from "../strategy.js";
import type { StrategyKind } from "../strategy-kind.js";
import { agingEvolution } from "./aging-evolution.js";
import { netadapt } from "./netadapt.js";
import { nsga2 } from "./nsga2.js";
import { random } from "./random.js";
import { successiveHalving } from "./successive-halving.js";

export const strategyKinds: readonly StrategyKind[] = [random, agingEvolution, nsga2, successiveHalving, netadapt];

export const strategyNames: readonly string[] = strategyKinds.map(({ name }) => name);

/**
 * @param options those that differ from the defaults. @param kinds what there is to choose from.
 * @throws {UsageError} for an unknown name, and for wrong and unknown options.
 */
export function createStrategy(name: string, options: object = {}, kinds = strategyKinds): Strategy {
  const kind = kinds.find((each) => each.name === name);
  if (kind !== undefined) return kind.create(options);
  throw new UsageError({ at: "strategy", expected: kinds.map((each) => each.name).join(", "), received: name });
}
