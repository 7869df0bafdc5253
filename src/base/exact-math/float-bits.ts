// The bits of float64 numbers, which fdlibm's functions look at and compose. Reading and writing them is exact.

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
// Which of the two words holds sign and exponent is the machine's choice; every engine's is 1 today.
number[0] = 1;
const [LOW, HIGH] = words[1] === 0 ? ([1, 0] as const) : ([0, 1] as const);

/** Sign, exponent and the upper 20 bits of the fraction, unsigned. */
export function highWord(x: number): number {
  number[0] = x;
  return words[HIGH];
}

/** The lower 32 bits of the fraction. */
export function lowWord(x: number): number {
  number[0] = x;
  return words[LOW];
}

/** The number of these two words. */
export function fromWords(high: number, low: number): number {
  words[HIGH] = high;
  words[LOW] = low;
  return number[0];
}

/** `x` with the lower 32 bits of its fraction cleared. */
export function truncated(x: number): number {
  return fromWords(highWord(x), 0);
}

/**
 * 2^`exponent`, for whole numbers from −1022 to 1023.
 * @throws RangeError for any other
 */
export function powerOfTwo(exponent: number): number {
  if (!(Number.isInteger(exponent) && exponent >= -1022 && exponent <= 1023))
    throw new RangeError(`2^${exponent} is no power of two that a normal number is.`);
  return fromWords((1023 + exponent) << 20, 0);
}

/** `x` · 2^`exponent`, rounded once (musl's scalbn). */
export function scaled(x: number, exponent: number): number {
  let [y, n] = [x, exponent];
  for (let i = 0; i < 2 && n > 1023; i += 1) {
    y *= powerOfTwo(1023);
    n -= 1023;
  }
  // Down in steps that leave 53 bits above the least normal number, so that only the last step rounds.
  for (let i = 0; i < 2 && n < -1022; i += 1) {
    y *= powerOfTwo(-969);
    n += 969;
  }
  return y * powerOfTwo(Math.min(Math.max(n, -1022), 1023));
}

/** The whole number k with 2^k ≤ |`x`| < 2^(k + 1), for finite `x` other than 0. */
export function exponentOf(x: number): number {
  const exponent = (highWord(x) >>> 20) & 0x7ff;
  return exponent === 0 ? exponentOf(x * 2 ** 54) - 54 : exponent - 1023;
}
