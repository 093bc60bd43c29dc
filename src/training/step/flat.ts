/**
 * All parameters as slices of one vector.
 *
 * A network has some hundred parameter tensors; an optimizer written tensor by tensor would add thousands of nodes and as
 * many hand-overs a step. As one vector an optimizer is a handful of nodes, and a checkpoint is a copy.
 */
import type { Parameter, Shape, Value } from "../../ir/index.js";
import { sizeOf } from "../../ir/index.js";
import type { GraphBuilder } from "../../ops/index.js";
import { type DeviceTensor, hostTensor } from "../../runtime/index.js";

export type Slice = { readonly name: string; readonly shape: Shape; readonly offset: number; readonly size: number };

export type FlatLayout = {
  readonly slices: readonly Slice[];
  readonly size: number;
  /** Numbers under weight decay; they stand first. */
  readonly decayed: number;
};

export function flatLayout(parameters: readonly Parameter[]): FlatLayout {
  const ordered = [...parameters.filter(({ decay }) => decay), ...parameters.filter(({ decay }) => !decay)];
  let offset = 0;
  let decayed = 0;
  const slices = ordered.map(({ value, decay }) => {
    const slice = { name: value.name, shape: value.shape, offset, size: sizeOf(value.shape) };
    offset += slice.size;
    if (decay) decayed = offset;
    return slice;
  });
  return { slices, size: offset, decayed };
}

/** @throws {Error} internal, when a tensor is missing or has another size. */
export function pack(layout: FlatLayout, tensors: ReadonlyMap<string, Float32Array>): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { name, offset, size } of layout.slices) {
    const tensor = tensors.get(name);
    if (tensor?.length !== size)
      throw new Error(`internal: ${name}: expected ${size} numbers, received ${tensor?.length}`);
    flat.set(tensor, offset);
  }
  return flat;
}

export function unpack(layout: FlatLayout, flat: Float32Array): Map<string, Float32Array> {
  return new Map(layout.slices.map(({ name, offset, size }) => [name, flat.slice(offset, offset + size)]));
}

/** As a session takes it. */
export const vector = (flat: Float32Array): DeviceTensor => hostTensor(flat, [flat.length]);

/** Frees the device's memory. */
export function release(vectors: Iterable<DeviceTensor>): void {
  for (const vector of vectors) vector.dispose();
}

/** Defines every parameter of a network as its slice of `flat`. */
export function defineParameters(
  g: GraphBuilder,
  layout: FlatLayout,
  parameters: readonly Parameter[],
  flat: Value,
): void {
  if (layout.slices.length === 0) return;
  const values = new Map(parameters.map(({ value }) => [value.name, value]));
  const pieces = g.split(
    flat,
    layout.slices.map(({ size }) => size),
  );
  layout.slices.forEach(({ name }, i) => {
    g.define(values.get(name)!, pieces[i]!);
  });
}

/** Joins tensors into one vector, in the order of the layout. */
export function concatenate(g: GraphBuilder, layout: FlatLayout, tensors: ReadonlyMap<string, Value>): Value {
  return g.concat(layout.slices.map(({ name, size }) => g.reshape(tensors.get(name)!, [size])));
}
