// CKKS parameters: a literal anyone may write, checked into an immutable set that everything else accepts.
import { SealedError } from '../base/errors.ts';
import { coeffModulusPrimes } from './primes.ts';
import { maxLogQP, POLY_MODULUS_DEGREES } from './security.ts';

/** What a person or a file may write; see {@link checkParameters}. */
export interface ParametersLiteral {
  /** N: a power of two from 1024 to 32768; half as many slots. */
  readonly polyModulusDegree: number;
  /** Bit sizes of the primes: q_0 first, the one dropped first second to last, the special prime P last. */
  readonly coeffModulusBits: readonly number[];
}

declare const checked: unique symbol;

/** Checked and frozen parameters; only {@link checkParameters} makes them. */
export interface Parameters extends ParametersLiteral {
  readonly [checked]: true;
  /** The primes themselves, special prime last. */
  readonly primes: readonly bigint[];
  /** Slots of a ciphertext, N/2. */
  readonly slots: number;
  /** Level of a fresh ciphertext: how many primes can be dropped. A ciphertext of level l has l + 1 primes. */
  readonly maxLevel: number;
  /** log2 of the product of all primes, special one included. */
  readonly logQP: number;
  /** Classical security in bits by the table of ./security.ts. */
  readonly securityBits: 128;
}

const cache = new Map<string, Parameters>();

// Literals come from outside as well: however many come, few are kept.
const MOST_CACHED = 64;

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input' });
}

/**
 * `literal`, checked: N in the table, 2 to 60 bits a prime, at least two primes, P no smaller than the others, 128-bit
 * security.
 * @throws SealedError `invalid-argument` or `insecure-parameters`, saying what would do
 */
export function checkParameters(literal: ParametersLiteral): Parameters {
  const { polyModulusDegree: degree, coeffModulusBits: bits } = literal;
  const key = `${degree}:${bits.join(',')}`;
  const known = cache.get(key);
  if (known) return known;
  const allowed = maxLogQP(degree);
  if (allowed === undefined) {
    throw invalid(`polyModulusDegree must be one of ${POLY_MODULUS_DEGREES.join(', ')}, not ${degree}.`);
  }
  if (bits.length < 2)
    throw invalid('coeffModulusBits needs at least two primes: one for data, one special.');
  for (const size of bits) {
    if (!Number.isInteger(size) || size < 2 || size > 60) {
      throw invalid(`Each of coeffModulusBits must be a whole number from 2 to 60, not ${size}.`);
    }
  }
  const special = bits.at(-1)!;
  if (special < Math.max(...bits)) {
    throw invalid(`The special prime (last, ${special} bits) must be no smaller than the others.`);
  }
  const logQP = bits.reduce((sum, size) => sum + size, 0);
  if (logQP > allowed) {
    const enough = POLY_MODULUS_DEGREES.find((n) => (maxLogQP(n) ?? 0) >= logQP);
    throw new SealedError(
      'insecure-parameters',
      `log2(QP) = ${logQP} bits is not 128-bit secure at N = ${degree} (at most ${allowed}). ` +
        (enough ? `Use N = ${enough} or fewer bits.` : 'Use fewer bits.'),
      { stage: 'input', detail: { logQP, allowed } },
    );
  }
  const parameters = Object.freeze({
    polyModulusDegree: degree,
    coeffModulusBits: Object.freeze([...bits]),
    primes: Object.freeze(coeffModulusPrimes(degree, bits)),
    slots: degree / 2,
    maxLevel: bits.length - 2,
    logQP,
    securityBits: 128,
  }) as unknown as Parameters;
  const [oldest] = cache.keys();
  if (oldest !== undefined && cache.size >= MOST_CACHED) cache.delete(oldest);
  cache.set(key, parameters);
  return parameters;
}

/** The primes of a ciphertext of `level`, q_0 first. */
export function primesAtLevel(parameters: Parameters, level: number): readonly bigint[] {
  if (!Number.isInteger(level) || level < 0 || level > parameters.maxLevel) {
    throw invalid(`There is no level ${level}: these parameters have 0 to ${parameters.maxLevel}.`);
  }
  return parameters.primes.slice(0, level + 1);
}

/** Whether two parameter sets are the same. */
export function sameParameters(a: ParametersLiteral, b: ParametersLiteral): boolean {
  return (
    a.polyModulusDegree === b.polyModulusDegree && a.coeffModulusBits.join() === b.coeffModulusBits.join()
  );
}
