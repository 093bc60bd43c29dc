/** How a training went: whose state ships, and what went wrong on the way. */
import { formatPercent } from "../../base/index.js";
import { type FineTunePlan, type RunResult, type Setback, setbackLine } from "../../training/index.js";

/** A setback of a phase: epochs are counted over all phases, and 0 is the start of the phase. */
export type PhaseSetback = Setback & { readonly phase?: number };

/** As it is kept in the model's history and in `--json`. */
export type Course = {
  readonly best: {
    /** Of a fine-tuning, from 1; 0 is the network as it came. */
    readonly phase?: number;
    readonly part?: string;
    /** Counted over all phases; 0 is the network as it came. */
    readonly epoch: number;
    readonly validationAccuracy: number;
    readonly validationLoss: number;
  };
  readonly setbacks: readonly PhaseSetback[];
};

/** @param bestPhase of a fine-tuning, as is the plan. */
export function courseOf(
  {
    bestEpoch: epoch,
    best,
    bestPhase: phase,
    setbacks,
  }: Pick<RunResult, "bestEpoch" | "best"> & Pick<Course, "setbacks"> & { readonly bestPhase?: number },
  plan: FineTunePlan | null,
): Course {
  const part = phase === undefined ? undefined : plan?.[phase - 1]?.part;
  const place = { ...(phase !== undefined && { phase }), ...(part !== undefined && { part }) };
  return { best: { ...place, epoch, validationAccuracy: best.accuracy, validationLoss: best.loss }, setbacks };
}

/** For people: the state that ships, then each setback. */
export function courseLines({ best, setbacks }: Course): readonly string[] {
  const figures = `${formatPercent(best.validationAccuracy)} of the validation images, loss ${best.validationLoss.toPrecision(3)}`;
  const phase = best.part === undefined ? "" : ` (phase ${best.phase}, ${best.part})`;
  const place = best.epoch === 0 ? "the network as it came: no epoch was better" : `epoch ${best.epoch}${phase}`;
  return [`best: ${place}, ${figures}`, ...setbacks.map(setbackInWords)];
}

/** @param setback its epochs are counted over all phases. */
export const setbackInWords = ({ phase, ...setback }: PhaseSetback): string =>
  phase === undefined ? setbackLine(setback) : `phase ${phase}, ${setbackLine(setback, "the start of the phase")}`;
