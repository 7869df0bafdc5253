// Sums and products of ciphertexts, plaintexts and scalars. Each result is a new handle unless the name says `into`.
import type { Pointer } from './exports.ts';
import { Ciphertext, filled, sameKernel } from './handles.ts';
import type { Plaintext } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';
import type { Scalar } from './scalars.ts';

function checkScalar(kernel: KernelInstance, scalar: Scalar, primes: number): void {
  if (scalar.length < primes) throw invalid('A scalar needs a residue for each prime of its ciphertext.');
  for (let i = 0; i < primes; i++) {
    if (scalar[i] >= kernel.primes[i]) throw invalid('A scalar is not reduced.');
  }
}

function samePrimes(a: { readonly primes: number }, b: { readonly primes: number }): void {
  if (a.primes !== b.primes) {
    throw invalid('Both operands must be at the same level.', { left: a.primes, right: b.primes });
  }
}

function wantForm(plaintext: Plaintext, form: 'factor' | 'addend'): void {
  if (plaintext.form !== form)
    throw invalid(`This plaintext was encoded as ${plaintext.form}, not as ${form}.`);
}

/** A copy of its own. */
export function copy(a: Ciphertext): Ciphertext {
  return filled(new Ciphertext(a.kernel, a.size, a.primes), (out) => {
    a.kernel.raw.copyRows(out.pointer, a.pointer, a.size * a.primes);
  });
}

/** a + b; sizes may differ, levels may not. */
export function add(a: Ciphertext, b: Ciphertext): Ciphertext {
  const longer = a.size >= b.size ? a : b;
  return filled(copy(longer), (out) => addInto(out, longer === a ? b : a));
}

/** out += a, where `out` has at least a's size. */
export function addInto(out: Ciphertext, a: Ciphertext): void {
  const kernel = sameKernel(out, a);
  samePrimes(out, a);
  if (a.size > out.size) throw invalid('A longer ciphertext cannot be added into a shorter one.');
  kernel.raw.add(out.pointer, out.pointer, a.pointer, a.size * a.primes, a.primes);
}

/**
 * a - b; sizes may differ, levels may not.
 * @internal the kernel can do it as SEAL can, and tests compare the two; no stage of a plan subtracts
 */
export function subtract(a: Ciphertext, b: Ciphertext): Ciphertext {
  const kernel = sameKernel(a, b);
  samePrimes(a, b);
  if (a.size >= b.size) {
    return filled(copy(a), (out) => {
      kernel.raw.subtract(out.pointer, out.pointer, b.pointer, b.size * b.primes, b.primes);
    });
  }
  return filled(negate(b), (out) => addInto(out, a));
}

/** -a. */
export function negate(a: Ciphertext): Ciphertext {
  return filled(new Ciphertext(a.kernel, a.size, a.primes), (out) => {
    a.kernel.raw.negate(out.pointer, a.pointer, a.size * a.primes, a.primes);
  });
}

/** out += plaintext (an addend of at least the ciphertext's primes). */
export function addPlainInto(out: Ciphertext, plaintext: Plaintext): void {
  const kernel = sameKernel(out, plaintext);
  wantForm(plaintext, 'addend');
  if (plaintext.primes < out.primes) throw invalid('The plaintext is for a lower level.');
  kernel.raw.add(out.pointer, out.pointer, plaintext.pointer, out.primes, out.primes);
}

/** out += the scalar in every slot. */
export function addScalarInto(out: Ciphertext, scalar: Scalar): void {
  const { kernel } = out;
  checkScalar(kernel, scalar, out.primes);
  kernel.raw.addScalar(out.pointer, stageScalar(kernel, scalar, out.primes), out.primes);
}

function stageScalar(kernel: KernelInstance, scalar: Scalar, primes: number): Pointer {
  const staging = kernel.scratch(primes * 4);
  kernel.words(staging, primes).set(scalar.subarray(0, primes));
  return staging;
}

/** a times the plaintext (a factor of at least the ciphertext's primes). */
export function multiplyPlain(a: Ciphertext, plaintext: Plaintext): Ciphertext {
  const kernel = sameKernel(a, plaintext);
  wantForm(plaintext, 'factor');
  if (plaintext.primes < a.primes) throw invalid('The plaintext is for a lower level.');
  return filled(new Ciphertext(kernel, a.size, a.primes), (out) => {
    kernel.raw.multiplyPlain(out.pointer, a.pointer, plaintext.pointer, a.size, a.primes);
  });
}

/** a times the scalar. */
export function multiplyScalar(a: Ciphertext, scalar: Scalar): Ciphertext {
  const { kernel } = a;
  checkScalar(kernel, scalar, a.primes);
  return filled(new Ciphertext(kernel, a.size, a.primes), (out) => {
    const staged = stageScalar(kernel, scalar, a.primes);
    kernel.raw.multiplyScalar(out.pointer, a.pointer, staged, a.size * a.primes, a.primes);
  });
}

/** out += a times the scalar; the same size and level. */
export function addScaledInto(out: Ciphertext, a: Ciphertext, scalar: Scalar): void {
  const kernel = sameKernel(out, a);
  samePrimes(out, a);
  if (a.size !== out.size) throw invalid('Both ciphertexts must have the same size.');
  checkScalar(kernel, scalar, a.primes);
  kernel.raw.addScaled(
    out.pointer,
    a.pointer,
    stageScalar(kernel, scalar, a.primes),
    a.size * a.primes,
    a.primes,
  );
}

/** a squared: three polynomials. */
export function square(a: Ciphertext): Ciphertext {
  if (a.size !== 2) throw invalid('Relinearise before squaring.');
  return filled(new Ciphertext(a.kernel, 3, a.primes), (out) => {
    a.kernel.raw.square(out.pointer, a.pointer, a.primes);
  });
}

/** a times b: three polynomials. */
export function multiply(a: Ciphertext, b: Ciphertext): Ciphertext {
  const kernel = sameKernel(a, b);
  samePrimes(a, b);
  if (a.size !== 2 || b.size !== 2) throw invalid('Relinearise before multiplying.');
  return filled(new Ciphertext(kernel, 3, a.primes), (out) => {
    kernel.raw.multiply(out.pointer, a.pointer, b.pointer, a.primes);
  });
}

/**
 * The sum of ciphertexts times plaintexts, each product left unreduced in 64-bit lanes: two polynomials each, all at
 * one level, plaintexts (factors) of at least that.
 */
export function multiplyAccumulate(
  terms: readonly { readonly ciphertext: Ciphertext; readonly plaintext: Plaintext }[],
): Ciphertext {
  const first = terms[0];
  if (first === undefined) throw invalid('There is nothing to sum.');
  const { kernel, primes } = first.ciphertext;
  for (const { ciphertext, plaintext } of terms) {
    sameKernel(first.ciphertext, ciphertext, plaintext);
    samePrimes(first.ciphertext, ciphertext);
    wantForm(plaintext, 'factor');
    if (ciphertext.size !== 2) throw invalid('Relinearise before multiplying.');
    if (plaintext.primes < primes) throw invalid('The plaintext is for a lower level.');
  }
  return filled(new Ciphertext(kernel, 2, primes), (out) => {
    const table = kernel.scratch(terms.length * 8);
    kernel
      .words(table, terms.length * 2)
      .set(terms.flatMap((t) => [t.ciphertext.pointer, t.plaintext.pointer]));
    kernel.raw.multiplyAccumulate(out.pointer, table, terms.length, primes);
  });
}
