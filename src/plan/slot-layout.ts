// Explicit layouts of general networks: which element of which input sits in which slot. Public, part of the model card.
import { assert } from '../base/assert.ts';

/**
 * What the client encrypts: slot `p · batch + b` of ciphertext t holds element `sources[t][p]` of input b, 0 where that is
 * −1. Elements may appear often: packing is free for the client and saves the server rotations.
 */
export interface GatherLayout {
  readonly kind: 'gather';
  /** Shape of one input. */
  readonly shape: readonly number[];
  /** Inputs side by side, a power of two. */
  readonly batch: number;
  readonly slots: number;
  /** One table of `slots / batch` element numbers a ciphertext. */
  readonly sources: readonly Int32Array[];
}

/** Where the client finds the result: element e of output b at slot `position[e] · batch + b` of `ciphertext[e]`. */
export interface SlotLayout {
  readonly kind: 'slots';
  /** Shape of one output. */
  readonly shape: readonly number[];
  readonly batch: number;
  readonly slots: number;
  readonly count: number;
  readonly ciphertext: Int32Array;
  readonly position: Int32Array;
}

/**
 * Slot vectors (length `slots` each) of up to `batch` inputs.
 * @param values the inputs one after the other, each in C order; fewer than `batch` leave zeros
 */
export function packGather(layout: GatherLayout, values: ArrayLike<number>): Float64Array[] {
  const { batch, slots, sources } = layout;
  const size = layout.shape.reduce((product, n) => product * n, 1);
  const inputs = values.length / size;
  assert(Number.isInteger(inputs) && inputs <= batch, 'the inputs have the layout’s shape and fit the batch');
  return sources.map((table) => {
    const vector = new Float64Array(slots);
    for (let p = 0; p < table.length; p += 1) {
      if (table[p] < 0) continue;
      for (let b = 0; b < inputs; b += 1) vector[p * batch + b] = values[b * size + table[p]]!;
    }
    return vector;
  });
}

/**
 * Copies what ciphertext `index` decrypts to into `values`: the outputs one after the other, each in C order; how many is
 * given by the length of `values`.
 */
export function unpackSlots(
  layout: SlotLayout,
  index: number,
  slots: ArrayLike<number>,
  values: Float32Array,
): void {
  const { batch, ciphertext, position } = layout;
  const size = ciphertext.length;
  const outputs = values.length / size;
  for (let e = 0; e < size; e += 1) {
    if (ciphertext[e] !== index) continue;
    for (let b = 0; b < outputs; b += 1) values[b * size + e] = slots[position[e] * batch + b]!;
  }
}
