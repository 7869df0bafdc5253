// The passive attack (Li, Micciancio: On the Security of Homomorphic Encryption on Approximate Numbers, EUROCRYPT 2021):
// whoever sees an answer's ciphertexts and exactly what they decrypt to solves linear equations for the key.
import { decodeAnswer } from '../../src/protocol/frame.ts';
import type { ResidueCiphertext } from '../../src/params/residues.ts';
import type { SeenRun } from './hostile-service.ts';
import { multiplyModulo, powerModulo, type ResidueRing } from './residue-ring.ts';

/** A ciphertext and the real parts of the slots that it is said to decrypt to. */
export interface Opened {
  readonly ciphertext: ResidueCiphertext;
  /** `slots` of them. */
  readonly values: ArrayLike<number>;
}

/** What the equations give. */
export interface PassiveGuess {
  /** The key if all of it is −1, 0 or 1, as a key is. */
  readonly key: Int8Array | undefined;
  /** Coefficients that are −1, 0 or 1. Chance alone gives about none. */
  readonly ternary: number;
  readonly degree: number;
  /** How far the decrypted polynomials are from whole numbers, at most: 1/2 where nothing is known of them. */
  readonly roundingError: number;
}

/**
 * Two ciphertexts under one key. Real parts of slots are those of m + m*, where m*(X) = m(1/X); so each ciphertext gives,
 * at each pair of roots ζ and 1/ζ modulo q_0, one equation c1(ζ)·s(ζ) + c1(1/ζ)·s(1/ζ) = (m + m*)(ζ) − c0(ζ) − c0(1/ζ),
 * and two give s at both.
 */
export function solvePassively([first, second]: readonly [Opened, Opened], ring: ResidueRing): PassiveGuess {
  const { polyModulusDegree: degree, primes } = ring.parameters;
  const p = Number(primes[0]);
  let roundingError = 0;
  const equation = ({ ciphertext, values }: Opened) => {
    const { words, level, scale } = ciphertext;
    const c0 = words.subarray(0, degree);
    const c1 = words.subarray((level + 1) * degree, (level + 2) * degree);
    const re = Float64Array.from(values, (value) => value * scale);
    const doubled = ring.embedding
      .adjoint({ re, im: new Float64Array(re.length) })
      .map((coefficient) => (4 / degree) * coefficient);
    for (const value of doubled) roundingError = Math.max(roundingError, Math.abs(value - Math.round(value)));
    const sum = ring.forward(doubled.map(Math.round), 0);
    const right = sum.map((value, t) => (value + 2 * p - c0[t] - c0[degree - 1 - t]) % p);
    return { c1, right };
  };
  const [a, b] = [equation(first), equation(second)];
  const s = new Uint32Array(degree);
  for (let t = 0; t < degree; t += 1) {
    // In SEAL's order 1/ζ is at the other end.
    const mirrored = degree - 1 - t;
    const minus = (x: number, y: number): number => (x + p - y) % p;
    const product = (x: number, y: number): number => multiplyModulo(x, y, p);
    const determinant = minus(product(a.c1[t], b.c1[mirrored]), product(b.c1[t], a.c1[mirrored]));
    const numerator = minus(product(a.right[t], b.c1[mirrored]), product(b.right[t], a.c1[mirrored]));
    s[t] = product(numerator, powerModulo(determinant, p - 2, p));
  }
  const coefficients = Array.from(ring.inverse(s, 0), (c) => (c > p / 2 ? c - p : c));
  const ternary = coefficients.filter((c) => Math.abs(c) <= 1).length;
  const key = ternary === degree ? Int8Array.from(coefficients) : undefined;
  return { key, ternary, degree, roundingError };
}

/** The answer of `run` with what it is said to decrypt to: `valuesOf` gives the slots of ciphertext `index`. */
export function opened(run: SeenRun, valuesOf: (index: number) => ArrayLike<number>): [Opened, Opened] {
  const items = run.answer.flatMap((frame) => [...decodeAnswer(frame, run.parameters)]);
  const [first, second] = items.map(({ index, ciphertext }) => ({ ciphertext, values: valuesOf(index) }));
  return [first, second];
}
