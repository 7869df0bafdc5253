// A sum of 256 diagonals by baby and giant steps, each side at the split that is best for it.
import {
  addGiantStep,
  BabySteps,
  DiagonalSum,
  divideExtended,
  extendedZero,
  fillBabyStep,
  fillDiagonal,
  hoist,
  innerSums,
} from '../src/kernel/kernel.ts';
import type { BothSides } from './both-sides.ts';
import { type Case, compare, type Task, workClock } from './measure.ts';

const DIAGONALS = 256;
const SCALE = 2 ** 28;
/** Baby steps to try. Without hoisting baby and giant steps cost alike, so that the square root is near the best. */
const SEAL_SPLITS = [8, 16, 32];
const SIMD_SPLITS = [16, 32, 64, 128];
const TRIALS = 5;

/** The rotations that any of the splits makes. */
export function transformSteps(): number[] {
  const steps = new Set<number>();
  for (const babies of [...SEAL_SPLITS, ...SIMD_SPLITS]) {
    for (let i = 1; i < babies; i += 1) steps.add(i);
    for (let j = 1; j < DIAGONALS / babies; j += 1) steps.add(j * babies);
  }
  return [...steps];
}

interface Split extends Disposable {
  readonly babies: number;
  readonly run: Task;
}

interface Operands extends Disposable {
  readonly sealSplit: (babies: number) => Split;
  readonly simdSplit: (babies: number) => Split;
}

function operands(sides: BothSides): Operands {
  const { seal, evaluator, kernel, encoder, keys, galoisKeys, rotationKeys, parameters } = sides;
  const primes = parameters.maxLevel + 1;
  const diagonals = Array.from({ length: DIAGONALS }, () => sides.slots());
  const plaintexts = diagonals.map((values) => {
    const plaintext = new seal.Plaintext();
    keys.context.encoder.encode(values, SCALE, plaintext);
    return plaintext;
  });
  const input = sides.encrypt(SCALE);

  const sealSplit = (count: number): Split => ({
    babies: count,
    run: () => {
      const babies = [input.seal.copy()];
      for (let i = 1; i < count; i += 1) {
        const rotated = new seal.Ciphertext();
        evaluator.rotateVector(input.seal, i, galoisKeys, rotated);
        babies.push(rotated);
      }
      using total = new seal.Ciphertext();
      using product = new seal.Ciphertext();
      for (let j = 0; j < DIAGONALS / count; j += 1) {
        using sum = new seal.Ciphertext();
        for (const [i, baby] of babies.entries()) {
          evaluator.multiplyPlain(baby, plaintexts[j * count + i], i === 0 ? sum : product);
          if (i > 0) evaluator.addInplace(sum, product);
        }
        if (j === 0) total.assign(sum);
        else {
          evaluator.rotateVectorInplace(sum, j * count, galoisKeys);
          evaluator.addInplace(total, sum);
        }
      }
      for (const baby of babies) baby.delete();
    },
    [Symbol.dispose]: () => undefined,
  });

  const simdSplit = (count: number): Split => {
    const sums = Array.from({ length: DIAGONALS / count }, (_, j) => {
      const sum = new DiagonalSum(kernel, [...Array(count).keys()], primes);
      for (let i = 0; i < count; i += 1) fillDiagonal(sum, i, encoder, diagonals[j * count + i], SCALE);
      return sum;
    });
    return {
      babies: count,
      run: () => {
        using hoisted = hoist(input.simd);
        using babies = new BabySteps(kernel, count, primes);
        for (let i = 0; i < count; i += 1) fillBabyStep(babies, i, hoisted, rotationKeys.get(i) ?? null);
        using total = extendedZero(kernel, primes);
        for (const [j, sum] of innerSums(babies, sums).entries()) {
          addGiantStep(total, sum, rotationKeys.get(j * count) ?? null);
          sum[Symbol.dispose]();
        }
        divideExtended(total)[Symbol.dispose]();
      },
      [Symbol.dispose]: () => {
        for (const sum of sums) sum[Symbol.dispose]();
      },
    };
  };

  return {
    sealSplit,
    simdSplit,
    [Symbol.dispose]: () => {
      for (const plaintext of plaintexts) plaintext.delete();
      input.seal.delete();
      input.simd[Symbol.dispose]();
    },
  };
}

/** The number of baby steps with the least time of a few runs. */
async function fastest(splits: readonly number[], make: (babies: number) => Split): Promise<number> {
  const times: { babies: number; ms: number }[] = [];
  for (const babies of splits) {
    using split = make(babies);
    await split.run();
    const trials: number[] = [];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const start = workClock();
      await split.run();
      trials.push(workClock() - start);
    }
    times.push({ babies, ms: Math.min(...trials) });
  }
  return times.reduce((best, next) => (next.ms < best.ms ? next : best)).babies;
}

/** Finds each side's best split and compares them. The keys must include {@link transformSteps}. */
export async function transformCase(sides: BothSides, pairs: number): Promise<Case> {
  using made = operands(sides);
  using seal = made.sealSplit(await fastest(SEAL_SPLITS, made.sealSplit));
  using simd = made.simdSplit(await fastest(SIMD_SPLITS, made.simdSplit));
  const split = ({ babies }: Split): string => `${babies}×${DIAGONALS / babies}`;
  const { polyModulusDegree, maxLevel } = sides.parameters;
  const name = `${DIAGONALS} diagonals encoded before, ${split(seal)}, ${split(simd)}`;
  return await compare(
    { name, polyModulusDegree, primes: maxLevel + 1, seal: seal.run, simd: simd.run },
    pairs,
  );
}
