// Modular arithmetic on four 32-bit lanes: Shoup products, Montgomery reduction, conditional subtraction.

/** Low words of four 64-bit lanes. */
// @ts-ignore: decorator
@inline
export function lowWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

/** High words of four 64-bit lanes. */
// @ts-ignore: decorator
@inline
export function highWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/** floor(a b / 2^32) in each lane. */
// @ts-ignore: decorator
@inline
export function multiplyHigh(a: v128, b: v128): v128 {
  return highWords(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b));
}

/** x or x - m, whichever is smaller unsigned: [0, 2m) to [0, m). */
// @ts-ignore: decorator
@inline
export function fold(x: v128, m: v128): v128 {
  return i32x4.min_u(x, i32x4.sub(x, m));
}

/** x or x + m: brings (-m, m), held as two's complement, to [0, m). */
// @ts-ignore: decorator
@inline
export function lift(x: v128, m: v128): v128 {
  return i32x4.min_u(x, i32x4.add(x, m));
}

/**
 * x w mod p in [0, 2p) for any x < 2^32 and w < p, with quotient = floor(w 2^32 / p).
 * Harvey, Faster arithmetic for number-theoretic transforms, Algorithm 2 with a 32-bit word.
 */
// @ts-ignore: decorator
@inline
export function shoup(x: v128, w: v128, quotient: v128, p: v128): v128 {
  return i32x4.sub(i32x4.mul(x, w), i32x4.mul(multiplyHigh(x, quotient), p));
}

/** x mod p in [0, 2p) for any x < 2^32; one = floor(2^32 / p). */
// @ts-ignore: decorator
@inline
export function barrett(x: v128, one: v128, p: v128): v128 {
  return i32x4.sub(x, i32x4.mul(multiplyHigh(x, one), p));
}

/**
 * Montgomery reduction of four 64-bit sums: sum / 2^32 mod p in [0, p), for sums below 2^32 p.
 * inverse = p^-1 mod 2^32.
 */
// @ts-ignore: decorator
@inline
export function reduceProduct(low: v128, high: v128, p: v128, inverse: v128): v128 {
  const m = i32x4.mul(lowWords(low, high), inverse);
  return lift(i32x4.sub(highWords(low, high), multiplyHigh(m, p)), p);
}

/** As {@link reduceProduct}, for any 64-bit sums: the high words are brought below 2p first. */
// @ts-ignore: decorator
@inline
export function reduceSum(low: v128, high: v128, p: v128, inverse: v128, one: v128): v128 {
  const m = i32x4.mul(lowWords(low, high), inverse);
  const top = barrett(highWords(low, high), one, p);
  return fold(lift(i32x4.sub(top, multiplyHigh(m, p)), p), p);
}
