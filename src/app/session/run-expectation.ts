// What the values of a run must be, at the end of each of its segments, where this side knows the model.
import type { Expected } from '../../protocol/client.ts';
import { type Group, joined } from './input-groups.ts';

/** References by segment: undefined where the value there is not known. */
export interface RunExpectation {
  /** For each segment but the last, its end before the client's layers: one reference for each input. */
  readonly rounds?: readonly (SegmentExpectation | undefined)[] | undefined;
  /** The result, for each input: of a picture the one. */
  readonly result: SegmentExpectation;
}

/** What one segment's values are held against. */
export interface SegmentExpectation {
  readonly references: readonly Float32Array[];
  /** Largest absolute difference that is accepted: this side's own, and not the card's word. */
  readonly bound: number;
}

/** What the values of `group` are held against. */
export function expectedOf(known: SegmentExpectation | undefined, group: Group): Expected | undefined {
  return known && { reference: joined(known.references, group), bound: known.bound };
}
