// The security table that every parameter set must pass.

/**
 * Largest log2(QP) for 128-bit security with a ternary secret, by polynomial modulus degree: the stricter table of
 * "Security Guidelines for Implementing Homomorphic Encryption" (ePrint 2024/463). SEAL's own check allows a little more.
 */
const MAX_LOG_QP_128: ReadonlyMap<number, number> = new Map([
  [1024, 26],
  [2048, 53],
  [4096, 106],
  [8192, 214],
  [16384, 430],
  [32768, 868],
]);

/** Degrees the table covers, ascending. */
export const POLY_MODULUS_DEGREES: readonly number[] = [...MAX_LOG_QP_128.keys()];

/** Largest log2(QP) in bits for 128-bit security, or undefined for a degree outside the table. */
export function maxLogQP(polyModulusDegree: number): number | undefined {
  return MAX_LOG_QP_128.get(polyModulusDegree);
}
