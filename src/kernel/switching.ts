// Levels and keys: rescaling, dropping primes, relinearisation and rotation, each to SEAL's very bytes.
import { Ciphertext, filled, sameKernel } from './handles.ts';
import type { SwitchKey } from './handles.ts';
import { invalid } from './instance.ts';

/** Divides by the last prime, with SEAL's rounding, and drops it. The caller tracks the scale. */
export function rescale(a: Ciphertext): Ciphertext {
  if (a.primes < 2) throw invalid('There is no level left to rescale to.');
  const { kernel } = a;
  return filled(new Ciphertext(kernel, a.size, a.primes - 1), (out) => {
    kernel.raw.rescale(out.pointer, a.pointer, a.size, a.primes, kernel.scratch(2 * kernel.rowBytes));
  });
}

/** Drops primes without dividing, down to `primes` of them. */
export function dropPrimes(a: Ciphertext, primes: number): Ciphertext {
  if (!(primes >= 1 && primes <= a.primes))
    throw invalid('Levels only go down.', { from: a.primes, to: primes });
  const { kernel } = a;
  return filled(new Ciphertext(kernel, a.size, primes), (out) => {
    kernel.raw.dropPrimes(out.pointer, a.pointer, a.size, a.primes, primes);
  });
}

/** Three polynomials to two, with a relinearisation key. */
export function relinearize(a: Ciphertext, key: SwitchKey): Ciphertext {
  const kernel = sameKernel(a, key);
  if (a.size !== 3) throw invalid('Only three polynomials need relinearising.');
  if (key.galoisElement !== 0) throw invalid('This is a Galois key, not a relinearisation key.');
  key.checkServes(a.primes);
  return filled(new Ciphertext(kernel, 2, a.primes), (out) => {
    const poly = a.primes * kernel.rowBytes;
    const scratch = kernel.scratch(kernel.raw.switchScratchRows(a.primes) * kernel.rowBytes);
    const { pointer } = a;
    kernel.raw.switchKey(
      out.pointer,
      pointer + 2 * poly,
      pointer,
      pointer + poly,
      key.pointer,
      key.primes,
      0,
      1,
      a.primes,
      scratch,
    );
  });
}

/** Rotates by the automorphism of `key` (see galoisElementOf): two polynomials, byte for byte as SEAL's. */
export function rotate(a: Ciphertext, key: SwitchKey): Ciphertext {
  const kernel = sameKernel(a, key);
  if (a.size !== 2) throw invalid('Relinearise before rotating.');
  if (key.galoisElement === 0) throw invalid('This is a relinearisation key, not a Galois key.');
  key.checkServes(a.primes);
  return filled(new Ciphertext(kernel, 2, a.primes), (out) => {
    const scratch = kernel.scratch(kernel.raw.switchScratchRows(a.primes) * kernel.rowBytes);
    const source = a.pointer + a.primes * kernel.rowBytes;
    kernel.raw.switchKey(
      out.pointer,
      source,
      a.pointer,
      0,
      key.pointer,
      key.primes,
      key.permutation,
      key.galoisElement,
      a.primes,
      scratch,
    );
  });
}
