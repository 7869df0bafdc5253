// The kernel gives SEAL's very bytes: every operation, random ciphertexts at every level, three ring degrees.
import { describe, expect, it } from 'vitest';
import {
  type Ciphertext,
  add,
  addPlainInto,
  copy,
  dropPrimes,
  loadPlaintext,
  multiply,
  multiplyPlain,
  negate,
  relinearize,
  rescale,
  rotate,
  square,
  storeCiphertext,
  subtract,
} from './kernel.ts';
import {
  type SealCiphertext,
  type SealOracle,
  randomWords,
  sealOracle,
  seeded,
} from '../../fixtures/seal-oracle.ts';

const STEPS = [1, -3];

/** Runs both sides of each operation at one level and returns the names of those whose residues differ. */
function compare(oracle: SealOracle, primes: number, random: () => number): string[] {
  const { evaluator, seal, kernel } = oracle;
  const different: string[] = [];
  using a = oracle.random(random, 2, primes);
  using b = oracle.random(random, 2, primes);
  using three = oracle.random(random, 3, primes);
  using ka = oracle.load(a);
  using kb = oracle.load(b);
  using k3 = oracle.load(three);
  using expected = new seal.Ciphertext();
  const check = (name: string, run: (out: SealCiphertext) => void, actual: Ciphertext): void => {
    run(expected);
    const words = storeCiphertext(actual);
    actual[Symbol.dispose]();
    const wanted = oracle.words(expected);
    if (wanted.length !== words.length || wanted.some((word, i) => word !== words[i])) different.push(name);
  };

  check('add', (out) => evaluator.add(a, b, out), add(ka, kb));
  check('add 2 + 3', (out) => evaluator.add(a, three, out), add(ka, k3));
  check('subtract', (out) => evaluator.sub(a, b, out), subtract(ka, kb));
  check('subtract 2 - 3', (out) => evaluator.sub(a, three, out), subtract(ka, k3));
  check('negate', (out) => evaluator.negate(a, out), negate(ka));
  check('square', (out) => evaluator.square(a, out), square(ka));
  check('multiply', (out) => evaluator.multiply(a, b, out), multiply(ka, kb));

  const factorWords = randomWords(random, primes, oracle.primes.slice(0, primes), oracle.degree);
  using plaintext = oracle.plaintext(factorWords, primes);
  using factor = loadPlaintext(kernel, factorWords, primes, 'factor');
  using addend = loadPlaintext(kernel, factorWords, primes, 'addend');
  check('multiply plain', (out) => evaluator.multiplyPlain(a, plaintext, out), multiplyPlain(ka, factor));
  check(
    'multiply plain, 3',
    (out) => evaluator.multiplyPlain(three, plaintext, out),
    multiplyPlain(k3, factor),
  );
  const sum = copy(ka);
  addPlainInto(sum, addend);
  check('add plain', (out) => evaluator.addPlain(a, plaintext, out), sum);

  using relinKey = oracle.relinKey();
  check(
    'relinearize',
    (out) => evaluator.relinearize(three, oracle.relinKeys, out),
    relinearize(k3, relinKey),
  );
  for (const [step, key] of oracle.switchKeys(STEPS)) {
    check(
      `rotate ${step}`,
      (out) => evaluator.rotateVector(a, step, oracle.galoisKeys, out),
      rotate(ka, key),
    );
    key[Symbol.dispose]();
  }
  if (primes > 1) {
    check('rescale', (out) => evaluator.rescaleToNext(a, out), rescale(ka));
    check('rescale, 3', (out) => evaluator.rescaleToNext(three, out), rescale(k3));
    check('mod-switch', (out) => evaluator.cipherModSwitchToNext(a, out), dropPrimes(ka, primes - 1));
  }
  return different;
}

describe('the kernel against SEAL, to the bit', () => {
  const exact = async ({ degree, bits }: { degree: number; bits: number[] }): Promise<void> => {
    const oracle = await sealOracle(degree, bits, STEPS);
    const random = seeded(degree);
    for (let primes = bits.length - 1; primes >= 1; primes -= 1) {
      expect(compare(oracle, primes, random), `${primes} primes`).toEqual([]);
    }
    expect(oracle.kernel.memory.handles).toBe(0);
  };
  const title = 'N = $degree, primes of $bits bits, every level';

  it.each([
    { degree: 4096, bits: [30, 28, 30] },
    { degree: 8192, bits: [30, 28, 28, 28, 28, 30] },
    { degree: 16384, bits: [30, 28, 30] },
    // Primes far apart, where a digit must be reduced before it is transformed.
    { degree: 1024, bits: [30, 22, 26, 30] },
    { degree: 2048, bits: [29, 24, 30, 25] },
  ])(title, exact);

  it.each([{ degree: 16384, bits: [30, 28, 29, 30, 28, 30] }])(title, { tags: ['long'] }, exact);
});
