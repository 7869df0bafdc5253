// The single operations, node-seal against the kernel.
import * as kernelApi from '../src/kernel/kernel.ts';
import type { Ciphertext } from '../src/kernel/kernel.ts';
import type { BothSides } from './both-sides.ts';
import type { Comparison } from './measure.ts';

const SCALE = 2 ** 28;
const TERMS = 16;

/** Disposes what an operation returns. */
function dropping(operation: () => Ciphertext): () => void {
  return () => operation()[Symbol.dispose]();
}

/** The comparisons, and what frees their operands. */
export function operationCases(sides: BothSides): { comparisons: Comparison[]; dispose: () => void } {
  const { seal, evaluator, kernel, encoder, keys, relinKey, relinKeys, galoisKeys, parameters } = sides;
  const { polyModulusDegree } = parameters;
  const primes = parameters.maxLevel + 1;
  const values = sides.slots();
  const [a, b] = [sides.encrypt(SCALE), sides.encrypt(SCALE)];
  const out = new seal.Ciphertext();
  const product = new seal.Ciphertext();
  const plaintext = new seal.Plaintext();
  const scratch = new seal.Plaintext();
  keys.context.encoder.encode(values, SCALE, plaintext);
  const factor = encoder.encode(values, SCALE, primes, 'factor');
  const squared = new seal.Ciphertext();
  evaluator.square(a.seal, squared);
  const squaredSimd = kernelApi.square(a.simd);
  const turning = a.seal.copy();
  const row = kernel.allocate(kernel.rowBytes);
  kernel.words(row, polyModulusDegree).fill(1);
  // Ciphertexts and factors of their own, as a sum of diagonals has: what is read once cannot stay in the cache.
  const sealTerms = Array.from({ length: TERMS }, () => [a.seal.copy(), plaintext.copy()] as const);
  const simdTerms = Array.from({ length: TERMS }, () => ({
    ciphertext: kernelApi.copy(a.simd),
    plaintext: encoder.encode(values, SCALE, primes, 'factor'),
  }));
  const rotationKey = sides.rotationKeys.get(1)!;
  const only = { polyModulusDegree, primes };
  const comparisons: Comparison[] = [
    {
      ...only,
      name: 'NTT there and back, one polynomial modulo one prime',
      // SEAL transforms whole ciphertexts, there and back; the kernel does as many single rows.
      seal: () => {
        evaluator.cipherTransformFromNttInplace(turning);
        evaluator.cipherTransformToNttInplace(turning);
      },
      simd: () => {
        for (let i = 0; i < 2 * primes; i += 1) {
          kernel.raw.inverse(row, row, i % primes);
          kernel.raw.forward(row, row, i % primes);
        }
      },
      units: 2 * primes,
    },
    {
      ...only,
      name: 'add',
      seal: () => evaluator.add(a.seal, b.seal, out),
      simd: dropping(() => kernelApi.add(a.simd, b.simd)),
    },
    {
      ...only,
      name: 'multiply plain',
      seal: () => evaluator.multiplyPlain(a.seal, plaintext, out),
      simd: dropping(() => kernelApi.multiplyPlain(a.simd, factor)),
    },
    {
      ...only,
      name: `multiply-accumulate, one term of ${TERMS}`,
      seal: () => {
        for (const [index, [ciphertext, plain]] of sealTerms.entries()) {
          evaluator.multiplyPlain(ciphertext, plain, index === 0 ? out : product);
          if (index > 0) evaluator.addInplace(out, product);
        }
      },
      simd: dropping(() => kernelApi.multiplyAccumulate(simdTerms)),
      units: TERMS,
    },
    {
      ...only,
      name: 'square',
      seal: () => evaluator.square(a.seal, out),
      simd: dropping(() => kernelApi.square(a.simd)),
    },
    {
      ...only,
      name: 'relinearize',
      seal: () => evaluator.relinearize(squared, relinKeys, out),
      simd: dropping(() => kernelApi.relinearize(squaredSimd, relinKey)),
    },
    {
      ...only,
      name: 'rescale',
      seal: () => evaluator.rescaleToNext(a.seal, out),
      simd: dropping(() => kernelApi.rescale(a.simd)),
    },
    {
      ...only,
      name: 'mod-switch',
      seal: () => evaluator.cipherModSwitchToNext(a.seal, out),
      simd: dropping(() => kernelApi.dropPrimes(a.simd, primes - 1)),
    },
    {
      ...only,
      name: 'rotate',
      seal: () => evaluator.rotateVector(a.seal, 1, galoisKeys, out),
      simd: dropping(() => kernelApi.rotate(a.simd, rotationKey)),
    },
    {
      ...only,
      name: 'encode',
      seal: () => keys.context.encoder.encode(values, SCALE, scratch),
      simd: () => encoder.encode(values, SCALE, primes, 'factor')[Symbol.dispose](),
    },
  ];
  const dispose = (): void => {
    for (const pair of sealTerms) for (const handle of pair) handle.delete();
    for (const { ciphertext, plaintext: plain } of simdTerms) {
      ciphertext[Symbol.dispose]();
      plain[Symbol.dispose]();
    }
    for (const side of [a, b]) {
      side.seal.delete();
      side.simd[Symbol.dispose]();
    }
    for (const handle of [out, product, plaintext, scratch, squared, turning]) handle.delete();
    for (const handle of [factor, squaredSimd]) handle[Symbol.dispose]();
    kernel.release(row);
  };
  return { comparisons, dispose };
}
