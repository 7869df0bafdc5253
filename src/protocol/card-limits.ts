// The most that a card may ask of a client, and how a refusal names the field.
import { atField, malformed } from '../base/codec.ts';

/**
 * Bounds of what is acceptable from a service that nobody vouches for: far above what networks ask, far below what would
 * hurt. In brackets the most that this project's own networks ask: a style at version 40, a U-Net, and PyCrCNN's network
 * with a batch of 64.
 */
export const CARD_LIMITS = {
  /** Of the card itself (161 kB). */
  bytes: 2 ** 26,
  segments: 64,
  /** Slots of the largest parameters. */
  slots: 2 ** 14,
  /** Of one tensor (3,072). */
  ciphertexts: 2 ** 14,
  /** Of all ciphertexts of one tensor (101 MB). */
  ciphertextBytes: 2 ** 30,
  /** Of one tensor (6 million), and of all values that the client computes for one input. */
  elements: 2 ** 24,
  /** Of one tensor of each input of a batch (6 million). */
  batchElements: 2 ** 26,
  /** Of one segment (35). */
  rotationSteps: 2 ** 12,
  /** Of all evaluation keys (264 MB). */
  keyBytes: 2 ** 31,
  /** That the client computes on one batch, in all segments. */
  operations: 2 ** 30,
  /** Distance of a tap from its position; stride. */
  offset: 2 ** 15,
  /** Pixels per side that a channel spreads over. */
  block: 256,
  /** Renamings after each other. */
  finish: 8,
  /** Of a name, or of a line for people. */
  textBytes: 1024,
  lines: 256,
} as const;

/** Throws `malformed-frame` about `field` unless `condition` holds. */
export function need(condition: boolean, field: string, text: string): asserts condition {
  if (!condition) throw atField(malformed(text), field);
}

/** Throws `malformed-frame` about `field` unless `value` is a whole number from `low` to `high`. */
export function needWhole(field: string, value: number, low: number, high: number): void {
  const isWhole = Number.isInteger(value) && value >= low && value <= high;
  const range = low === high ? `must be ${low}` : `must be a whole number from ${low} to ${high}`;
  need(isWhole, field, `${value} is wrong: it ${range}.`);
}

/** Runs `check`, whose refusals are then about a part of `field`. */
export function inField<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw atField(error, field);
  }
}
