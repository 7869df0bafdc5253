// Hoisted rotations and sums of diagonals: what SEAL computes one by one, after decryption, within the noise.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BabySteps,
  type Ciphertext,
  DiagonalSum,
  Encoder,
  type SwitchKey,
  addGiantStep,
  divideExtended,
  extendedZero,
  fillBabyStep,
  fillConstantDiagonal,
  fillDiagonal,
  hoist,
  hoistedRotation,
  innerSums,
  rotate,
} from './kernel.ts';
import { type SealOracle, sealOracle, seeded } from '../../fixtures/seal-oracle.ts';

const DEGREE = 4096;
const SLOTS = DEGREE / 2;
const BITS = [30, 28, 28, 30];
const SCALE = 2 ** 28;
const BABIES = [0, 1, 2, 5];
const GIANTS = [0, 8, 16];

/** Standard deviation of an error polynomial with coefficients of deviation `sigma`, in a slot. */
const inSlot = (sigma: number): number => sigma * Math.sqrt(DEGREE);

/**
 * Standard deviation of SEAL's key switching in its noisiest slot, in units of the scale's last place: digits uniform
 * in [0, q) times errors of deviation 3.2, over P. A digit's mean is q/2 times 1 + X + ... + X^(N-1), whose value at
 * the root nearest 1 is q N / pi; beside it the digit's own deviation, q sqrt(N/12), is small. Then the rounding of the
 * division, (1 + 2N/3) N / 12 (Cheon, Kim, Kim and Song 2017, lemma 2).
 */
function switchNoise(primes: readonly number[], special: number): number {
  const digits = primes.map(
    (q) => (q / special) * Math.hypot(DEGREE / Math.PI, Math.sqrt(DEGREE / 12)) * inSlot(3.2),
  );
  return Math.hypot(...digits, Math.sqrt((DEGREE / 12) * (1 + (2 * DEGREE) / 3)));
}

const rotated = (values: Float64Array, step: number): Float64Array =>
  values.map((_, i) => values[(i + step) % values.length]);

function worst(actual: Float64Array, expected: Float64Array): number {
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i])));
}

describe('hoisting', () => {
  let oracle: SealOracle;
  let keys: Map<number, SwitchKey>;
  let values: Float64Array;

  beforeAll(async () => {
    const steps = [...BABIES, ...GIANTS].filter((step) => step !== 0);
    oracle = await sealOracle(DEGREE, BITS, steps);
    keys = oracle.switchKeys(steps);
    const random = seeded(4);
    values = Float64Array.from({ length: SLOTS }, () => random() * 2 - 1);
  });

  const decrypted = (ciphertext: Ciphertext, scale: number): Float64Array => {
    using seal = oracle.unload(ciphertext, scale);
    return oracle.decrypt(seal);
  };

  it.each([3, 2, 1])('rotates like SEAL after decryption, %i primes', (primes) => {
    using sealInput = oracle.encrypt(values, SCALE);
    for (let count = BITS.length - 1; count > primes; count -= 1) {
      oracle.evaluator.cipherModSwitchToNextInplace(sealInput);
    }
    using input = oracle.load(sealInput);
    using hoisted = hoist(input);
    for (const step of [1, 5, 16]) {
      using ours = hoistedRotation(hoisted, keys.get(step)!);
      using exact = rotate(input, keys.get(step)!);
      const mine = decrypted(ours, SCALE);
      const theirs = decrypted(exact, SCALE);
      const noise = switchNoise(oracle.primes.slice(0, primes), oracle.primes.at(-1)!);
      expect(worst(mine, theirs)).toBeLessThan((6 * noise) / SCALE);
      expect(worst(mine, rotated(values, step))).toBeLessThan(1e-3);
      expect(worst(mine, values)).toBeGreaterThan(0.1);
    }
  });

  it.each([3, 2])('sums diagonals like SEAL after decryption, %i primes', (primes) => {
    const { evaluator, seal, kernel } = oracle;
    const random = seeded(primes);
    // The last giant step leaves a diagonal out.
    const slotsOf = GIANTS.map((_, j) => (j === 2 ? [0, 3] : BABIES.map((_, i) => i)));
    const diagonals = slotsOf.map((slots) =>
      slots.map(() => Float64Array.from({ length: SLOTS }, () => random() * 2 - 1)),
    );
    // One of them is the same in every slot.
    diagonals[1][1].fill(0.75);
    using sealInput = oracle.encrypt(values, SCALE);
    for (let count = BITS.length - 1; count > primes; count -= 1)
      evaluator.cipherModSwitchToNextInplace(sealInput);

    using sealTotal = new seal.Ciphertext();
    for (const [j, giant] of GIANTS.entries()) {
      using sum = new seal.Ciphertext();
      for (const [k, slot] of slotsOf[j].entries()) {
        using baby = sealInput.copy();
        if (BABIES[slot] !== 0) evaluator.rotateVectorInplace(baby, BABIES[slot], oracle.galoisKeys);
        using plaintext = oracle.encode(diagonals[j][k], SCALE);
        for (let count = BITS.length - 1; count > primes; count -= 1) {
          evaluator.plainModSwitchToNextInplace(plaintext);
        }
        evaluator.multiplyPlainInplace(baby, plaintext);
        if (k === 0) sum.assign(baby);
        else evaluator.addInplace(sum, baby);
      }
      if (giant !== 0) evaluator.rotateVectorInplace(sum, giant, oracle.galoisKeys);
      if (j === 0) sealTotal.assign(sum);
      else evaluator.addInplace(sealTotal, sum);
    }

    using input = oracle.load(sealInput);
    using encoder = new Encoder(kernel);
    using hoisted = hoist(input);
    using babies = new BabySteps(kernel, BABIES.length, primes);
    for (const [slot, step] of BABIES.entries()) fillBabyStep(babies, slot, hoisted, keys.get(step) ?? null);
    const sums = slotsOf.map((slots, j) => {
      const sum = new DiagonalSum(kernel, slots, primes);
      for (const [k, diagonal] of diagonals[j].entries()) {
        if (j === 1 && k === 1) fillConstantDiagonal(sum, k, diagonal[0] * SCALE);
        else fillDiagonal(sum, k, encoder, diagonal, SCALE);
      }
      return sum;
    });
    const inner = innerSums(babies, sums);
    using total = extendedZero(kernel, primes);
    for (const [j, giant] of GIANTS.entries()) addGiantStep(total, inner[j], keys.get(giant) ?? null);
    using result = divideExtended(total);

    const mine = decrypted(result, SCALE * SCALE);
    const theirs = oracle.decrypt(sealTotal);
    const expected = new Float64Array(SLOTS);
    for (const [j, giant] of GIANTS.entries()) {
      const sum = new Float64Array(SLOTS);
      for (const [k, slot] of slotsOf[j].entries()) {
        const baby = rotated(values, BABIES[slot]);
        for (let i = 0; i < SLOTS; i += 1) sum[i] += baby[i] * diagonals[j][k][i];
      }
      const moved = rotated(sum, giant);
      for (let i = 0; i < SLOTS; i += 1) expected[i] += moved[i];
    }
    // In SEAL every product but the unrotated ones carries a key switch's noise; the giant steps' own is 2^28 smaller.
    const noise = switchNoise(oracle.primes.slice(0, primes), oracle.primes.at(-1)!);
    const estimate = (6 * noise * Math.sqrt(slotsOf.flat().length)) / SCALE;
    expect(worst(mine, theirs)).toBeLessThan(estimate);
    expect(worst(mine, expected)).toBeLessThan(1e-3);
    expect(worst(theirs, expected)).toBeLessThan(estimate + 1e-3);
    for (const handle of [...sums, ...inner]) handle[Symbol.dispose]();
  });

  it('refuses sums over what is not there', () => {
    const { kernel } = oracle;
    using babies = new BabySteps(kernel, 2, 3);
    using sum = new DiagonalSum(kernel, [0, 1], 3);
    using encoder = new Encoder(kernel);
    expect(() => innerSums(babies, [sum])).toThrow(/diagonal/);
    fillDiagonal(sum, 0, encoder, Float64Array.of(1), 1024);
    fillDiagonal(sum, 1, encoder, Float64Array.of(1), 1024);
    expect(() => innerSums(babies, [sum])).toThrow(/baby step/);
    expect(() => fillDiagonal(sum, 2, encoder, Float64Array.of(1), 1024)).toThrow(/diagonal/);
  });

  it('returns all of its memory', () => {
    for (const key of keys.values()) key[Symbol.dispose]();
    expect(oracle.kernel.memory.handles).toBe(0);
    expect(oracle.kernel.memory.handleBytes).toBe(0);
  });
});
