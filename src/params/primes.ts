// NTT-friendly primes, chosen exactly as SEAL's CoeffModulus::Create does, without loading SEAL.
import { SealedError } from '../base/errors.ts';

// These bases make Miller–Rabin deterministic below 3.3·10^24 (Sorenson and Webster, 2015).
const WITNESSES = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];

function powMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Whether `n` is prime; deterministic for every 64-bit `n`. */
export function isPrime(n: bigint): boolean {
  if (n < 2n) return false;
  for (const p of WITNESSES) {
    if (n === p) return true;
    if (n % p === 0n) return false;
  }
  let odd = n - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos += 1;
  }
  return WITNESSES.every((witness) => {
    let x = powMod(witness, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i += 1) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

/** The `count` largest primes of exactly `bits` bits that are 1 mod 2N, largest first. */
function largestPrimes(polyModulusDegree: number, bits: number, count: number): bigint[] {
  const factor = BigInt(2 * polyModulusDegree);
  const lowest = 1n << BigInt(bits - 1);
  const primes: bigint[] = [];
  let candidate = (((1n << BigInt(bits)) - 1n) / factor) * factor + 1n;
  while (primes.length < count && candidate > lowest) {
    if (isPrime(candidate)) primes.push(candidate);
    candidate -= factor;
  }
  if (primes.length < count) {
    throw new SealedError(
      'invalid-argument',
      `There are only ${primes.length} primes of ${bits} bits for N = ${polyModulusDegree}; ${count} were asked for. Use more bits.`,
    );
  }
  return primes;
}

/**
 * One prime for each entry of `bits` (2 to 60), in order; equal sizes get ascending primes, as in SEAL's
 * native/src/seal/modulus.cpp, CoeffModulus::Create.
 */
export function coeffModulusPrimes(polyModulusDegree: number, bits: readonly number[]): bigint[] {
  const pools = new Map<number, bigint[]>();
  for (const size of new Set(bits)) {
    const count = bits.filter((b) => b === size).length;
    pools.set(size, largestPrimes(polyModulusDegree, size, count));
  }
  return bits.map((size) => pools.get(size)!.pop()!);
}
