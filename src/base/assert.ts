// Assertions for what the code itself guarantees; bad input from outside gets its own SealedError instead.
import { SealedError } from './errors.ts';

/** Throws `internal` unless `condition` holds: a bug of ours, not of the caller's. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SealedError('internal', `Internal check failed: ${message}`);
}

/** `value`, unless it is null or undefined (then `internal`). */
export function defined<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}
