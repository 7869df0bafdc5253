// The range check of residues on their way in.
import { N, prime } from './tables';

/** Whether each of N u32 is below the prime. */
export function checkRow(row: u32, index: u32): bool {
  let most = i32x4.splat(0);
  for (let at = row; at < row + N * 4; at += 16) most = i32x4.max_u(most, v128.load(at));
  return !v128.any_true(i32x4.ge_u(most, i32x4.splat(prime(index))));
}
