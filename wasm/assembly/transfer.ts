// Residues in and out of the kernel: 64-bit words as SEAL writes them, or 32-bit ones; every one range-checked.
import { highWords, lowWords } from './lanes';
import { N, prime } from './tables';

/** Whether any lane of `most` reaches p. */
// @ts-ignore: decorator
@inline
function inRange(most: v128, p: v128, high: v128): bool {
  return !v128.any_true(v128.or(i32x4.ge_u(most, p), high));
}

/** N little-endian u64 at `source` to one row; false when one of them is not below the prime. */
export function loadWords64(source: u32, out: u32, index: u32): bool {
  const p = i32x4.splat(prime(index));
  let most = i32x4.splat(0);
  let high = i32x4.splat(0);
  for (let i: u32 = 0; i < N * 4; i += 16) {
    const a = v128.load(source + 2 * i);
    const b = v128.load(source + 2 * i, 16);
    const x = lowWords(a, b);
    high = v128.or(high, highWords(a, b));
    most = i32x4.max_u(most, x);
    v128.store(out + i, x);
  }
  return inRange(most, p, high);
}

/** One row to N little-endian u64. */
export function storeWords64(source: u32, out: u32): void {
  const zero = i32x4.splat(0);
  for (let i: u32 = 0; i < N * 4; i += 16) {
    const x = v128.load(source + i);
    v128.store(out + 2 * i, v128.shuffle<i32>(x, zero, 0, 4, 1, 5));
    v128.store(out + 2 * i, v128.shuffle<i32>(x, zero, 2, 6, 3, 7), 16);
  }
}

/** Whether each of N u32 is below the prime. */
export function checkRow(row: u32, index: u32): bool {
  let most = i32x4.splat(0);
  for (let i: u32 = 0; i < N * 4; i += 16) most = i32x4.max_u(most, v128.load(row + i));
  return inRange(most, i32x4.splat(prime(index)), i32x4.splat(0));
}
