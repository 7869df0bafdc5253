// Arithmetic that an attacker needs of a ring of residues, on the project's own transforms.
import { createKernel, type KernelInstance } from '../../src/kernel/kernel.ts';
import type { Parameters } from '../../src/params/parameters.ts';
import type { ResidueCiphertext } from '../../src/params/residues.ts';
import { kernelFile } from '../../workers/platform/node-local-service.ts';
import { Embedding } from './embedding.ts';

/** a·b mod p for a, b below p below 2^30, without leaving the whole numbers that doubles hold. */
export function multiplyModulo(a: number, b: number, p: number): number {
  const high = ((a * (b >>> 15)) % p) * 32768;
  return (high + a * (b & 32767)) % p;
}

/** a^e mod p. */
export function powerModulo(a: number, e: number, p: number): number {
  let result = 1;
  for (let rest = e, square = a; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiplyModulo(result, square, p);
    square = multiplyModulo(square, square, p);
  }
  return result;
}

const roots = new Map<string, number>();

/** The least primitive 2N-th root of unity modulo p, which SEAL's transforms are built on. */
export function leastRoot(degree: number, p: number): number {
  const name = `${degree} ${p}`;
  const known = roots.get(name);
  if (known !== undefined) return known;
  let root = 0;
  for (let base = 2; root === 0; base += 1) {
    const candidate = powerModulo(base, (p - 1) / (2 * degree), p);
    if (powerModulo(candidate, degree, p) === p - 1) root = candidate;
  }
  const square = multiplyModulo(root, root, p);
  let least = root;
  for (let k = 1, current = root; k < degree; k += 1) {
    current = multiplyModulo(current, square, p);
    least = Math.min(least, current);
  }
  roots.set(name, least);
  return least;
}

/** A ring of residues with its embedding. */
export class ResidueRing {
  readonly parameters: Parameters;
  readonly embedding: Embedding;
  readonly #kernel: KernelInstance;
  readonly #row: number;

  private constructor(parameters: Parameters, kernel: KernelInstance) {
    this.parameters = parameters;
    this.embedding = new Embedding(parameters.polyModulusDegree);
    this.#kernel = kernel;
    this.#row = kernel.allocate(kernel.rowBytes);
  }

  /** The ring of `parameters`. */
  static async create(parameters: Parameters): Promise<ResidueRing> {
    const { polyModulusDegree, primes } = parameters;
    const kernel = await createKernel(kernelFile(), { polyModulusDegree, primes: primes.map(Number) });
    return new ResidueRing(parameters, kernel);
  }

  /** The values modulo prime number `prime` of a polynomial of whole numbers, in SEAL's order. */
  forward(coefficients: ArrayLike<number>, prime: number): Uint32Array {
    const p = Number(this.parameters.primes[prime]);
    return this.#transform(
      Uint32Array.from(coefficients, (c) => ((c % p) + p) % p),
      prime,
      'forward',
    );
  }

  /** The coefficients, 0 to p − 1, of the polynomial with these values. */
  inverse(values: Uint32Array, prime: number): Uint32Array {
    return this.#transform(values, prime, 'inverse');
  }

  #transform(words: Uint32Array, prime: number, direction: 'forward' | 'inverse'): Uint32Array {
    const degree = words.length;
    this.#kernel.words(this.#row, degree).set(words);
    this.#kernel.raw[direction](this.#row, this.#row, prime);
    return this.#kernel.words(this.#row, degree).slice();
  }

  /** What `ciphertext`, of two polynomials, decrypts to under a ternary key: the real parts of its slots. */
  decrypt({ words, level, scale }: ResidueCiphertext, key: Int8Array): Float64Array {
    const { polyModulusDegree: degree, primes } = this.parameters;
    // Two primes hold every message that a client sends.
    const rows = [...primes.slice(0, Math.min(2, level + 1)).keys()].map((prime) => {
      const p = Number(primes[prime]);
      const s = this.forward(key, prime);
      const c0 = words.subarray(prime * degree, (prime + 1) * degree);
      const c1 = words.subarray((level + 1 + prime) * degree, (level + 2 + prime) * degree);
      return this.inverse(
        c0.map((c, i) => (c + multiplyModulo(c1[i], s[i], p)) % p),
        prime,
      );
    });
    const [first, second] = rows;
    const coefficients = second
      ? joined(first, second, primes[0], primes[1])
      : Float64Array.from(first, (c) => centred(c, Number(primes[0])));
    return this.embedding.slotsOf(coefficients).re.map((value) => value / scale);
  }
}

/** The representative of c modulo p next to 0. */
function centred(c: number, p: number): number {
  return c > p / 2 ? c - p : c;
}

/** Whole numbers next to 0 from their residues modulo two primes. */
function joined(a: Uint32Array, b: Uint32Array, p: bigint, q: bigint): Float64Array {
  const inverse = powerModulo(Number(p % q), Number(q) - 2, Number(q));
  return Float64Array.from(a, (residue, i) => {
    const difference = (b[i] - (residue % Number(q)) + Number(q)) % Number(q);
    const whole = BigInt(residue) + p * BigInt(multiplyModulo(difference, inverse, Number(q)));
    return Number(whole > (p * q) / 2n ? whole - p * q : whole);
  });
}
