// The values of a layer as polynomials of digits, computed exactly: what the ciphertexts hold, without a ciphertext.
import { centred, type DigitEncoding, type Digits, digitsOf, numberOf } from './digits.ts';
import type { ValueStep } from './value-layout.ts';

/** Polynomials Σ data[i·length + j] · X^(low + j), value after value, before any reduction modulo p. */
export interface DigitTensor {
  readonly count: number;
  readonly low: number;
  readonly length: number;
  readonly data: Float64Array;
}

/** What the ring does to the polynomials. */
export interface DigitRing extends DigitEncoding {
  readonly degree: number;
  readonly p: number;
}

/** Places that digits take: first, and the one after the last. */
interface Span {
  low: number;
  high: number;
}

function widen(span: Span, { places }: Digits): void {
  for (const place of places) {
    span.low = Math.min(span.low, place);
    span.high = Math.max(span.high, place + 1);
  }
}

/** Digits of many numbers, each made once. */
export class DigitCache {
  readonly #encoding: DigitEncoding;
  readonly #known = new Map<number, Digits>();

  constructor(encoding: DigitEncoding) {
    this.#encoding = encoding;
  }

  of(value: number): Digits {
    const known = this.#known.get(value);
    if (known) return known;
    const digits = digitsOf(value, this.#encoding);
    this.#known.set(value, digits);
    return digits;
  }
}

/** `values`, encoded. */
export function encodeAll(values: ArrayLike<number>, ring: DigitRing): DigitTensor {
  const all = Array.from({ length: values.length }, (_, i) => digitsOf(values[i], ring));
  const span: Span = { low: 0, high: 1 };
  for (const digits of all) widen(span, digits);
  const length = span.high - span.low;
  const data = new Float64Array(values.length * length);
  all.forEach(({ places, digits }, i) => {
    places.forEach((place, j) => (data[i * length + place - span.low] = digits[j]));
  });
  return { count: values.length, low: span.low, length, data };
}

/** The layer `step` of `before`. A value's exactness ends where a coefficient passes 2^53, far beyond any p. */
export function stepDigits(
  step: ValueStep,
  before: DigitTensor,
  weights: DigitCache,
  ring: DigitRing,
): DigitTensor {
  if (step.kind === 'same') return before;
  if (step.kind === 'refresh') return encodeAll(decodeAll(before, ring), ring);
  return folded(trimmed(step.kind === 'squares' ? squared(before) : summed(step, before, weights)), ring);
}

function squared({ count, low, length, data }: DigitTensor): DigitTensor {
  const size = 2 * length - 1;
  const out = new Float64Array(count * size);
  for (let value = 0; value < count; value += 1) {
    for (let i = 0; i < length; i += 1) {
      const digit = data[value * length + i];
      if (digit === 0) continue;
      const to = value * size + i;
      for (let j = 0; j < length; j += 1) out[to + j] += digit * data[value * length + j];
    }
  }
  return { count, low: 2 * low, length: size, data: out };
}

function summed(step: ValueStep, before: DigitTensor, weights: DigitCache): DigitTensor {
  const factor: Span = { low: 0, high: 1 };
  const added: Span = { low: 0, high: 1 };
  for (let element = 0; element < step.count; element += 1) {
    const sum = step.sumOf(element);
    if (step.weighted) for (const weight of sum.weights) widen(factor, weights.of(weight));
    else widen(factor, weights.of(1 / sum.divisor));
    widen(added, weights.of(sum.bias));
  }
  const low = Math.min(before.low + factor.low, added.low);
  const high = Math.max(before.low + before.length + factor.high - 1, added.high);
  const length = high - low;
  const data = new Float64Array(step.count * length);
  const window = new Float64Array(before.length);
  for (let element = 0; element < step.count; element += 1) {
    const sum = step.sumOf(element);
    const to = element * length;
    const add = (source: Float64Array, from: number, { places, digits }: Digits): void => {
      for (let k = 0; k < places.length; k += 1) {
        const at = to + before.low + places[k] - low;
        const digit = digits[k];
        for (let j = 0; j < before.length; j += 1) data[at + j] += digit * source[from + j];
      }
    };
    if (step.weighted) {
      sum.sources.forEach((source, i) =>
        add(before.data, source * before.length, weights.of(sum.weights[i])),
      );
    } else {
      // A pooling adds first and multiplies once.
      window.fill(0);
      for (const source of sum.sources)
        for (let j = 0; j < before.length; j += 1) window[j] += before.data[source * before.length + j];
      add(window, 0, weights.of(1 / sum.divisor));
    }
    const { places, digits } = weights.of(sum.bias);
    places.forEach((place, k) => (data[to + place - low] += digits[k]));
  }
  return { count: step.count, low, length, data };
}

/** Without the places at either end that are 0 in every value. */
function trimmed({ count, low, length, data }: DigitTensor): DigitTensor {
  const used = new Uint8Array(length);
  for (let i = 0; i < data.length; i += 1) if (data[i] !== 0) used[i % length] = 1;
  const first = Math.max(0, used.indexOf(1));
  const end = Math.max(first, used.lastIndexOf(1)) + 1;
  if (first === 0 && end === length) return { count, low, length, data };
  const size = end - first;
  const kept = new Float64Array(count * size);
  for (let value = 0; value < count; value += 1)
    kept.set(data.subarray(value * length + first, value * length + end), value * size);
  return { count, low: low + first, length: size, data: kept };
}

/** X^N = −1: what is longer than the ring comes back with the other sign. */
function folded(tensor: DigitTensor, { degree }: DigitRing): DigitTensor {
  const { count, low, length, data } = tensor;
  if (length <= degree) return tensor;
  const out = new Float64Array(count * degree);
  for (let i = 0; i < data.length; i += 1) {
    const j = i % length;
    const sign = Math.floor(j / degree) % 2 === 0 ? 1 : -1;
    out[Math.floor(i / length) * degree + (j % degree)] += sign * data[i];
  }
  return { count, low, length: degree, data: out };
}

/** The coefficient of the ring at each place of `tensor`, and its sign there. */
function placesOf({ low, length }: DigitTensor, degree: number): { place: number; sign: number }[] {
  return Array.from({ length }, (_, j) => {
    const turns = Math.floor((low + j) / degree);
    return { place: low + j - turns * degree, sign: turns % 2 === 0 ? 1 : -1 };
  });
}

/** What decryption and decoding will give. */
export function decodeAll(tensor: DigitTensor, ring: DigitRing): Float64Array {
  const { count, length, data } = tensor;
  const places = placesOf(tensor, ring.degree);
  const coefficients = new Float64Array(ring.degree);
  return Float64Array.from({ length: count }, (_, value) => {
    places.forEach(({ place, sign }, j) => {
      coefficients[place] = centred(sign * data[value * length + j], ring.p);
    });
    return numberOf((place) => coefficients[place], ring.degree, ring);
  });
}

/** How far the coefficients and digits of a layer reach. */
export interface DigitReach {
  /**
   * Largest absolute coefficient at the places that decoding reads, before reduction modulo p. What passes p/2 elsewhere
   * does no harm: the ring's sums and products are right modulo p.
   */
  readonly largest: number;
  /** Coefficients at those places, of all values, that pass p/2. */
  readonly wrapped: number;
  /** Largest absolute number, over the values, that stands at places which decoding does not read. */
  readonly unread: number;
  /** Lowest and highest place with a digit. */
  readonly places: readonly [number, number];
}

/** What of `tensor` the ring and the decoder cannot hold. */
export function reachOf(tensor: DigitTensor, ring: DigitRing): DigitReach {
  const { count, low, length, data } = tensor;
  const { base, intDigits, fracDigits, p } = ring;
  let [largest, wrapped, unread] = [0, 0, 0];
  for (let value = 0; value < count; value += 1) {
    let missing = 0;
    for (let j = 0; j < length; j += 1) {
      const coefficient = data[value * length + j];
      if (coefficient === 0) continue;
      const place = low + j;
      if (place < -fracDigits || place >= intDigits) missing += coefficient * base ** place;
      else {
        largest = Math.max(largest, Math.abs(coefficient));
        if (2 * Math.abs(coefficient) >= p) wrapped += 1;
      }
    }
    unread = Math.max(unread, Math.abs(missing));
  }
  return { largest, wrapped, unread, places: [low, low + length - 1] };
}
