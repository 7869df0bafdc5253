// What the kernel knows of each prime: constants, NTT tables, and the constants between pairs of primes.
import { allocate } from './memory';
import {
  invertMod,
  invertWord,
  isPrime,
  minimalRoot,
  multiplyMod,
  powerMod,
  reverseBits,
  shoupQuotient,
} from './modular';

/** log2 of the ring degree, the degree, and bytes from one row of residues to the next. */
export let logN: u32 = 0;
export let N: u32 = 0;
export let rowBytes: u32 = 0;
/** Number of primes; the last is the special prime P of key switching. */
export let primeCount: u32 = 0;

/**
 * Rows are padded by three cache lines: rows of 2^k bytes would all start in the same cache set, and a loop that
 * reads a dozen of them side by side would evict its own lines.
 */
const ROW_PADDING: u32 = 192;

let base: u32 = 0;
let pairs: u32 = 0;
const STRIDE: u32 = 64;

// Fields of a prime's record, as byte offsets. Those in _Q are the Shoup quotients of the field before.
/** The prime p. */
export const P: u32 = 0;
/** p^-1 mod 2^32. */
export const INVERSE: u32 = 4;
/** floor(2^32 / p). */
export const ONE: u32 = 8;
/** 2^32 mod p: the Montgomery form of 1. */
export const MONT: u32 = 12;
/** Its quotient. */
export const MONT_Q: u32 = 16;
/** N^-1. */
export const SCALE: u32 = 20;
/** Its quotient. */
export const SCALE_Q: u32 = 24;
/** The inverse transform's last root times N^-1. */
export const LAST: u32 = 28;
/** Its quotient. */
export const LAST_Q: u32 = 32;
/** How many products of two residues fit a 64-bit sum. */
export const CAPACITY: u32 = 36;
/** Where the roots of the forward transform are. */
export const FORWARD: u32 = 40;
/** Where their quotients are. */
export const FORWARD_Q: u32 = 44;
/** Where the roots of the inverse transform are. */
export const BACKWARD: u32 = 48;
/** Where their quotients are. */
export const BACKWARD_Q: u32 = 52;

/** The record of prime `index`. */
// @ts-ignore: decorator
@inline
export function record(index: u32): u32 {
  return base + index * STRIDE;
}

/** Prime number `index`. */
// @ts-ignore: decorator
@inline
export function prime(index: u32): u32 {
  return load<u32>(base + index * STRIDE, P);
}

/** Prime index of row `row` of an object over `count` data primes: the row after them belongs to P. */
// @ts-ignore: decorator
@inline
export function rowPrime(row: u32, count: u32): u32 {
  return row < count ? row : primeCount - 1;
}

/** prime(from)^-1 mod prime(to), in the pair table; its Shoup quotient follows. */
export function pairInverse(from: u32, to: u32): u32 {
  return load<u32>(pairs + (from * primeCount + to) * 8);
}

/** The Shoup quotient of {@link pairInverse}. */
export function pairInverseQuotient(from: u32, to: u32): u32 {
  return load<u32>(pairs + (from * primeCount + to) * 8, 4);
}

/** Fills the tables of one prime; false when it is no prime below 2^30 congruent 1 mod 2N, or memory is short. */
function preparePrime(index: u32, p: u32): bool {
  if (p >= 1 << 30 || p < 2 * N || !isPrime(p)) return false;
  const root = minimalRoot(p, logN);
  if (root == 0) return false;
  const tables = allocate(4 * N * 4);
  if (tables == 0) return false;
  const r = record(index);
  store<u32>(r, p, P);
  store<u32>(r, invertWord(p), INVERSE);
  store<u32>(r, shoupQuotient(1, p), ONE);
  const mont = <u32>(((<u64>1) << 32) % <u64>p);
  store<u32>(r, mont, MONT);
  store<u32>(r, shoupQuotient(mont, p), MONT_Q);
  const most = <u64>(p - 1) * <u64>(p - 1);
  const capacity = u64.MAX_VALUE / most;
  store<u32>(r, capacity > 4096 ? 4096 : <u32>capacity, CAPACITY);
  const forward = tables;
  const forwardQ = forward + N * 4;
  const backward = forwardQ + N * 4;
  const backwardQ = backward + N * 4;
  store<u32>(r, forward, FORWARD);
  store<u32>(r, forwardQ, FORWARD_Q);
  store<u32>(r, backward, BACKWARD);
  store<u32>(r, backwardQ, BACKWARD_Q);
  const inverseRoot = invertMod(root, p);
  let power: u32 = 1;
  let inversePower: u32 = 1;
  for (let i: u32 = 0; i < N; i++) {
    const at = reverseBits(i, logN) * 4;
    store<u32>(forward + at, power);
    store<u32>(forwardQ + at, shoupQuotient(power, p));
    store<u32>(backward + at, inversePower);
    store<u32>(backwardQ + at, shoupQuotient(inversePower, p));
    power = multiplyMod(power, root, p);
    inversePower = multiplyMod(inversePower, inverseRoot, p);
  }
  const scale = invertMod(N, p);
  const last = multiplyMod(scale, load<u32>(backward, 4), p);
  store<u32>(r, scale, SCALE);
  store<u32>(r, shoupQuotient(scale, p), SCALE_Q);
  store<u32>(r, last, LAST);
  store<u32>(r, shoupQuotient(last, p), LAST_Q);
  return true;
}

/**
 * Prepares the kernel for ring degree 2^log and `count` primes (u32 at `primes`, the special prime last).
 * Returns 0, or 1 + the index of a prime that will not do, or -1 when memory is short. Called once an instance.
 */
export function setup(log: u32, count: u32, primes: u32): i32 {
  logN = log;
  N = (<u32>1) << log;
  rowBytes = N * 4 + ROW_PADDING;
  primeCount = count;
  base = allocate(count * STRIDE);
  pairs = allocate(count * count * 8);
  if (base == 0 || pairs == 0) return -1;
  for (let i: u32 = 0; i < count; i++) {
    const p = load<u32>(primes + i * 4);
    for (let j: u32 = 0; j < i; j++) if (prime(j) == p) return 1 + i;
    if (!preparePrime(i, p)) return 1 + i;
  }
  for (let from: u32 = 0; from < count; from++) {
    for (let to: u32 = 0; to < count; to++) {
      const p = prime(to);
      const inverse = from == to ? 0 : powerMod(prime(from) % p, p - 2, p);
      const at = pairs + (from * count + to) * 8;
      store<u32>(at, inverse);
      store<u32>(at, shoupQuotient(inverse, p), 4);
    }
  }
  return 0;
}
