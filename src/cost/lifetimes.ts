/** From when to when each buffer is needed, for one order of the nodes. */
import type { Storage, Tensor } from "./storage.js";

/** Bytes that are held over steps `first` … `last`, both included. */
export type Span = { readonly bytes: number; readonly first: number; readonly last: number };

/**
 * Bytes at one address, and the values that are written there one over the other. More than one stretch where a smaller
 * value took the place of a larger one: the rest is free from then on.
 */
export type Lifetime = { readonly name: string; readonly stretches: readonly (Span & { values: readonly number[] })[] };

type Draft = { name: string; stretches: { bytes: number; first: number; last: number; values: number[] }[] };

/**
 * A buffer lives from the step that writes it to the last step that reads it, both included: while a node runs, its inputs
 * and outputs exist together. Inputs are there from step 0; outputs stay to the end, the number of nodes.
 *
 * @param order indices into `works`.
 */
export function lifetimesOf({ inputs, works }: Storage, order: readonly number[]): Lifetime[] {
  const stepOf = new Map(order.map((index, step) => [index, step]));
  const lastStep = ({ readers, isOutput }: Tensor, first: number) =>
    isOutput ? order.length : Math.max(first, ...readers.map((index) => stepOf.get(index)!));

  const drafts: Draft[] = [];
  const draftOf = new Map<Tensor, Draft>();
  const create = (tensor: Tensor, first: number) => {
    const { name, bytes, values } = tensor;
    const draft = { name, stretches: [{ bytes, first, last: lastStep(tensor, first), values: [...values] }] };
    drafts.push(draft);
    draftOf.set(tensor, draft);
  };

  for (const tensor of inputs) create(tensor, 0);
  order.forEach((index, step) => {
    const { writes, mayOverwrite, scratch } = works[index]!;
    const replaced = mayOverwrite.find((tensor) => lastStep(tensor, 0) === step);
    writes.forEach((tensor, i) => {
      if (i > 0 || replaced === undefined) create(tensor, step);
      else draftOf.set(tensor, overwrite(draftOf.get(replaced)!, tensor, step, lastStep(tensor, step)));
    });
    const bytes = replaced === undefined ? scratch.apart : scratch.inPlace;
    if (bytes > 0) {
      const name = `${writes[0]!.name} (scratch)`;
      drafts.push({ name, stretches: [{ bytes, first: step, last: step, values: [] }] });
    }
  });
  return drafts;
}

function overwrite(draft: Draft, { bytes, values }: Tensor, step: number, last: number): Draft {
  const current = draft.stretches.at(-1)!;
  if (bytes === current.bytes || last === step) {
    current.last = last;
    current.values.push(...values);
  } else {
    draft.stretches.push({ bytes, first: step + 1, last, values: [...values] });
  }
  return draft;
}

/** Bytes alive at each step, and after the last. */
export function aliveAt(spans: readonly Span[], steps: number): number[] {
  const change = new Float64Array(steps + 3);
  for (const { bytes, first, last } of spans) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let alive = 0;
  return Array.from(change.subarray(0, steps + 1), (delta) => {
    alive += delta;
    return alive;
  });
}
