// Values into slots and out of them, by whatever layout a client interface has.
import type { InputLayout, OutputLayout } from './client-interface.ts';
import { packInput, unpackOutput } from './layout.ts';
import { packGather, unpackSlots } from './slot-layout.ts';

/**
 * Slot vectors (length `slots` each) of what a client encrypts.
 * @param values inputs one after the other, each in C order: one, or up to a gather layout's batch
 */
export function packValues(layout: InputLayout, values: ArrayLike<number>): Float64Array[] {
  return layout.kind === 'gather' ? packGather(layout, values) : packInput(layout, values);
}

/**
 * Copies what ciphertext `index` decrypts to into `values`: outputs one after the other, each in C order.
 * @param slots their real parts, then the imaginary ones where the layout is complex
 */
export function unpackValues(
  layout: OutputLayout,
  index: number,
  slots: ArrayLike<number>,
  values: Float32Array,
): void {
  if (layout.kind === 'slots') unpackSlots(layout, index, slots, values);
  else unpackOutput(layout, index, slots, values);
}

/** Whether values stand in the imaginary parts of slots too. */
export function isComplex(layout: OutputLayout): boolean {
  return layout.kind === 'grid' && layout.isComplex === true;
}

/** Elements of one output. */
export function outputElements(layout: OutputLayout): number {
  const shape: readonly number[] = layout.shape;
  return shape.reduce((size, n) => size * n, 1);
}

/** Inputs that share the ciphertexts of a layout. */
export function batchOf(layout: InputLayout): number {
  return layout.kind === 'gather' ? layout.batch : 1;
}
