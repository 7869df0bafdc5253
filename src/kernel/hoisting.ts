// Hoisted rotations and sums of diagonals: one decomposition for all baby steps, one division for each giant step.
//
// The result is not SEAL's byte for byte (SEAL divides after every rotation); after decryption both agree within the
// noise, of which this way makes less.
import type { Encoder } from './encoder.ts';
import { Ciphertext, ExtendedCiphertext, HoistedCiphertext, filled, sameKernel } from './handles.ts';
import type { SwitchKey, BabySteps, DiagonalSum } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';
import { montgomeryResidue } from './scalars.ts';

function wantGalois(key: SwitchKey, primes: number): void {
  if (key.galoisElement === 0) throw invalid('This is a relinearisation key, not a Galois key.');
  key.checkServes(primes);
}

function sameLevel(a: { readonly primes: number }, b: { readonly primes: number }): void {
  if (a.primes !== b.primes)
    throw invalid('These are for different levels.', { left: a.primes, right: b.primes });
}

/** Decomposes a ciphertext of two polynomials for many rotations. */
export function hoist(a: Ciphertext): HoistedCiphertext {
  if (a.size !== 2) throw invalid('Relinearise before rotating.');
  const { kernel } = a;
  return filled(new HoistedCiphertext(kernel, a.primes), (out) => {
    const scratch = kernel.scratch((a.primes + 1) * kernel.rowBytes);
    kernel.raw.hoist(out.pointer, a.pointer, a.primes, scratch);
  });
}

/** One rotation of a hoisted ciphertext, as an ordinary ciphertext. */
export function hoistedRotation(hoisted: HoistedCiphertext, key: SwitchKey): Ciphertext {
  const kernel = sameKernel(hoisted, key);
  const { primes } = hoisted;
  wantGalois(key, primes);
  return filled(new Ciphertext(kernel, 2, primes), (out) => {
    const scratch = kernel.scratch((2 * primes + 6) * kernel.rowBytes);
    kernel.raw.hoistedRotation(
      out.pointer,
      hoisted.pointer,
      key.pointer,
      key.primes,
      key.permutation,
      primes,
      scratch,
    );
  });
}

/** Fills baby step `slot` with a rotation of the hoisted ciphertext; key null: unrotated. */
export function fillBabyStep(
  babies: BabySteps,
  slot: number,
  hoisted: HoistedCiphertext,
  key: SwitchKey | null,
): void {
  const kernel = sameKernel(babies, hoisted, ...(key === null ? [] : [key]));
  sameLevel(babies, hoisted);
  if (key !== null) wantGalois(key, babies.primes);
  if (!Number.isInteger(slot) || slot < 0 || slot >= babies.slots)
    throw invalid('No such baby step.', { slot });
  const scratch = kernel.scratch(3 * kernel.rowBytes);
  kernel.raw.babyStep(
    babies.pointer,
    babies.slots,
    slot,
    hoisted.pointer,
    key?.pointer ?? 0,
    key?.primes ?? 0,
    key?.permutation ?? 0,
    babies.primes,
    scratch,
  );
  babies.filled[slot] = true;
}

/**
 * Encodes `values` (N/2 slots, see {@link Encoder.encode}) as diagonal `term` of a sum, over QP. The caller has already rotated it by minus
 * its giant step. Scale and range as for {@link Encoder.encode}.
 */
export function fillDiagonal(
  sum: DiagonalSum,
  term: number,
  encoder: Encoder,
  values: Float64Array,
  scale: number,
): void {
  const kernel = sum.kernel;
  if (encoder.kernel !== kernel) throw invalid('The encoder belongs to another kernel.');
  checkTerm(sum, term);
  encoder.rows(values, scale, sum.primes + 1, sum.primes, 'factor', (row, pointer) => {
    kernel.raw.storeDiagonalRow(sum.pointer, sum.slots.length, term, row, pointer);
  });
  sum.filled[term] = true;
}

/** Sets diagonal `term` of a sum to one number in all slots; `value` is already scaled, below 2^52 in magnitude. */
export function fillConstantDiagonal(sum: DiagonalSum, term: number, value: number): void {
  const { kernel, primes } = sum;
  checkTerm(sum, term);
  const row = kernel.scratch(kernel.rowBytes);
  const words = kernel.words(row, kernel.polyModulusDegree);
  for (const [index, prime] of [...kernel.primes.slice(0, primes), kernel.primes.at(-1)!].entries()) {
    words.fill(montgomeryResidue(value, prime));
    kernel.raw.storeDiagonalRow(sum.pointer, sum.slots.length, term, index, row);
  }
  sum.filled[term] = true;
}

function checkTerm(sum: DiagonalSum, term: number): void {
  if (!Number.isInteger(term) || term < 0 || term >= sum.slots.length) {
    throw invalid('No such diagonal.', { term });
  }
}

/**
 * For each sum, the sum of its diagonals times their baby steps, over QP: all sums in one walk over the baby steps.
 * `invalid-argument` if a diagonal or a baby step has not been filled.
 */
export function innerSums(babies: BabySteps, sums: readonly DiagonalSum[]): ExtendedCiphertext[] {
  const { kernel, primes } = babies;
  for (const sum of sums) {
    sameKernel(babies, sum);
    sameLevel(babies, sum);
    if (sum.filled.includes(false)) throw invalid('A diagonal of this sum has not been encoded.');
    for (const slot of sum.slots) {
      if (babies.filled[slot] !== true) throw invalid('A sum needs a baby step that is not there.', { slot });
    }
  }
  const outputs: ExtendedCiphertext[] = [];
  try {
    for (const _ of sums) outputs.push(new ExtendedCiphertext(kernel, primes));
    const table = kernel.scratch(sums.length * 16);
    const words = kernel.words(table, sums.length * 4);
    for (const [i, sum] of sums.entries()) {
      words.set([outputs[i].pointer, sum.pointer, sum.offsets, sum.slots.length], i * 4);
    }
    kernel.raw.innerSums(babies.pointer, babies.slots, table, sums.length, primes);
    return outputs;
  } catch (error) {
    for (const output of outputs) output[Symbol.dispose]();
    throw error;
  }
}

/** An empty sum over QP, for {@link addGiantStep}. */
export function extendedZero(kernel: KernelInstance, primes: number): ExtendedCiphertext {
  return filled(new ExtendedCiphertext(kernel, primes), (out) => {
    kernel.raw.clearRows(out.pointer, 2 * (primes + 1));
  });
}

/** total += terms rotated by the key's automorphism; key null: not rotated. */
export function addGiantStep(
  total: ExtendedCiphertext,
  terms: ExtendedCiphertext,
  key: SwitchKey | null,
): void {
  const kernel = sameKernel(total, terms, ...(key === null ? [] : [key]));
  sameLevel(total, terms);
  if (key === null) {
    kernel.raw.addExtended(total.pointer, terms.pointer, total.primes);
    return;
  }
  wantGalois(key, total.primes);
  const scratch = kernel.scratch((3 * total.primes + 3) * kernel.rowBytes);
  const { pointer, primes, permutation } = key;
  kernel.raw.giantStep(total.pointer, terms.pointer, pointer, primes, permutation, total.primes, scratch);
}

/** The sum divided by P: an ordinary ciphertext of two polynomials. */
export function divideExtended(total: ExtendedCiphertext): Ciphertext {
  const { kernel, primes } = total;
  return filled(new Ciphertext(kernel, 2, primes), (out) => {
    const scratch = kernel.scratch(3 * kernel.rowBytes);
    kernel.raw.divideBySpecial(out.pointer, total.pointer, 0, 0, 0, primes, scratch);
  });
}
