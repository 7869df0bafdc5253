// SEAL 2's fractional encoder, as PyCrCNN uses it through Pyfhel 2: the digits of a number are coefficients of a polynomial.

/** How numbers become digits. Pyfhel 2 has base 2, 64 whole digits and 32 of the fraction unless told otherwise. */
export interface DigitEncoding {
  readonly base: number;
  /** Coefficients, from the lowest on, that decoding reads as the whole part. */
  readonly intDigits: number;
  /** Coefficients, from the highest down, that encoding writes and decoding reads as the fraction. */
  readonly fracDigits: number;
}

/**
 * The digits of a number that are not 0: Σ digits[i] · base^places[i]. Place −k is the coefficient N − k, negated: X^N is −1,
 * so that X^−k = −X^(N−k).
 */
export interface Digits {
  readonly places: readonly number[];
  readonly digits: readonly number[];
}

/** Balanced digits of a whole number, lowest first: −(b−1)/2 … (b−1)/2, for an even base −b/2 … b/2−1 times the sign. */
function wholeDigits(value: number, base: number): number[] {
  const sign = value < 0 ? -1 : 1;
  let rest = Math.abs(value);
  const digits: number[] = [];
  while (rest > 0) {
    const remainder = rest % base;
    const isLarge = base > 2 && remainder > (base - 1) / 2;
    digits.push(sign * (isLarge ? remainder - base : remainder));
    rest = Math.floor((isLarge ? rest + base / 2 : rest) / base);
  }
  return digits;
}

/** To the nearest whole number, halves towards 0. */
const rounded = (value: number): number => Math.sign(value) * Math.ceil(Math.abs(value) - 0.5);

/**
 * `value` as digits. Base 2 cuts off below the last digit; other bases round there, and take digits around 0 (SEAL 2.3,
 * encoder.cpp, BinaryFractionalEncoder and BalancedFractionalEncoder).
 */
export function digitsOf(value: number, { base, fracDigits }: DigitEncoding): Digits {
  const isBinary = base === 2;
  // C rounds halves away from 0.
  let whole = isBinary ? Math.trunc(value) : Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
  let rest = value - whole;
  const fraction: number[] = [];
  for (let place = 1; place <= fracDigits; place += 1) {
    rest *= base;
    const digit = isBinary ? Math.trunc(rest) : rounded(rest);
    fraction.push(digit);
    rest -= digit;
  }
  if (!isBinary && base % 2 === 0) {
    // Digits of b/2 and more are carried on, from the last place to the first.
    let carry = 0;
    for (let i = fraction.length - 1; i >= 0; i -= 1) {
      fraction[i] += carry;
      carry = fraction[i] >= base / 2 ? 1 : 0;
      fraction[i] -= carry * base;
    }
    whole += carry;
  }
  const places: number[] = [];
  const digits: number[] = [];
  const put = (place: number, digit: number): void => {
    if (digit === 0) return;
    places.push(place);
    digits.push(digit);
  };
  for (let i = fraction.length - 1; i >= 0; i -= 1) put(-1 - i, fraction[i]);
  wholeDigits(whole, base).forEach((digit, place) => put(place, digit));
  return { places, digits };
}

/** What a coefficient of a plaintext modulo `p` stands for: −p/2 to p/2. @param coefficient any whole number */
export function centred(coefficient: number, p: number): number {
  const residue = ((coefficient % p) + p) % p;
  return residue >= (p + 1) / 2 || 2 * residue === p ? residue - p : residue;
}

/**
 * The number that decoding reads: the `intDigits` lowest coefficients and the `fracDigits` highest, nothing else.
 * @param at the centred coefficient at a place from 0 to N − 1
 */
export function numberOf(
  at: (place: number) => number,
  degree: number,
  { base, intDigits, fracDigits }: DigitEncoding,
): number {
  let whole = 0;
  for (let place = intDigits - 1; place >= 0; place -= 1) whole = whole * base + at(place);
  let fraction = 0;
  for (let place = degree - fracDigits; place < degree; place += 1) fraction = (fraction + at(place)) / base;
  return whole - fraction;
}
