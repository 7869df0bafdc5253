// Times a backend's operations on this machine, so that a run can be predicted before anything is encrypted.
import { log2, powerOfTwo } from '../base/exact-math.ts';
import type { Parameters } from '../params/parameters.ts';
import { primesAtLevel } from '../params/parameters.ts';
import type { ResidueCiphertext, ResidueKey } from '../params/residues.ts';
import { type LinearRow, type RotatedSum, sumMethodOf } from '../plan/plan.ts';
import type { OperationTimes } from '../protocol/evaluator.ts';
import type { KeyedBackend } from './backend.ts';
import { freeValues, type PreparedPart, preparePart, runSegment, type Values } from './interpreter.ts';

// Time does not depend on what the residues are, so that random ones do for ciphertexts and keys alike.
class RandomResidues {
  #state = 1;

  fill(words: Uint32Array, prime: number): void {
    for (let i = 0; i < words.length; i += 1) {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      words[i] = this.#state % prime;
    }
  }

  /** `polynomials` polynomials over `primes`. */
  polynomials(polynomials: number, primes: readonly bigint[], degree: number): Uint32Array {
    const words = new Uint32Array(polynomials * primes.length * degree);
    for (let row = 0; row < polynomials * primes.length; row += 1) {
      const prime = Number(primes[row % primes.length]);
      this.fill(words.subarray(row * degree, (row + 1) * degree), prime);
    }
    return words;
  }
}

const BABY_STEPS = 8;
const SUMS = 9;
const LEAST_ROUNDS = 4;
const MOST_ROUNDS = 40;
const BUDGET_MS = 600;

/**
 * Least of repeated times of each of `works`, after a first round that is not counted. What else the machine does only adds
 * to a time; in turns, so that it does not add to one work alone.
 */
async function shortest(works: readonly (() => Promise<void> | void)[]): Promise<number[]> {
  const least = works.map(() => Infinity);
  const started = performance.now();
  for (let round = 0; round <= MOST_ROUNDS; round += 1) {
    if (round > LEAST_ROUNDS && performance.now() - started > BUDGET_MS) break;
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      await work();
      if (round > 0) least[index] = Math.min(least[index], performance.now() - start);
    }
  }
  return least;
}

/** Bits of the scale of operands whose product has the square of it. */
function scaleBits({ maxLevel, primes }: Parameters): number {
  const modulusBits = log2(Number(primes[0])) * (maxLevel + 1);
  return Math.min(20, Math.floor(modulusBits / 2) - 1);
}

/**
 * Times the operations of `backend` at the highest level. Parameters without a level to drop allow no product: rescaling and
 * relinearising then count nothing. Its keys for the steps 1 to 8 and for relinearisation are
 * replaced by random ones.
 */
export async function measureOperations<C>(
  backend: KeyedBackend<C>,
  parameters: Parameters,
): Promise<OperationTimes> {
  const { polyModulusDegree: degree, maxLevel, primes, slots } = parameters;
  const random = new RandomResidues();
  const scale = powerOfTwo(scaleBits(parameters));
  const key: ResidueKey = {
    digits: Array.from({ length: maxLevel + 1 }, () => random.polynomials(2, primes, degree)),
  };
  const rotations = new Map(Array.from({ length: BABY_STEPS }, (_, i) => [i + 1, key]));
  backend.addKeys({ relinearization: key, rotations });
  const residues: ResidueCiphertext = {
    size: 2,
    level: maxLevel,
    scale,
    words: random.polynomials(2, primesAtLevel(parameters, maxLevel), degree),
  };
  const input = backend.load(residues);
  const factor = { kind: 'vector', values: new Float32Array(slots).fill(0.5) } as const;
  const scalar = { kind: 'scalar', value: 0.5 } as const;

  /** One row of `sums` sums of `terms` products, the sums after the first rotated by `giantStep`. */
  const rowOf = (sums: number, terms: number, giantStep: number): Promise<PreparedPart<C>> => {
    const sum = (at: number): RotatedSum => ({
      giantStep: at === 0 ? 0 : giantStep,
      terms: Array.from({ length: terms }, (_, step) => ({ input: 0, step: step + 1, diagonal: factor })),
    });
    const row: LinearRow = { sums: Array.from({ length: sums }, (_, at) => sum(at)), bias: undefined };
    const stage = {
      kind: 'linear',
      layers: ['measure'],
      level: maxLevel,
      inScale: scale,
      plainScale: scale,
      rescale: false,
      outScale: scale ** 2,
      method: sumMethodOf({ rows: [row], plainScale: scale }),
      rows: [row],
      outputs: [0],
    } as const;
    return preparePart(backend, { name: 'measure', segments: [[stage]] }, () => Promise.resolve());
  };
  const run = async (part: PreparedPart<C>): Promise<void> => {
    const values: Values<C> = new Map([[0, backend.load(residues)]]);
    const results: Values<C> = new Map();
    await runSegment(
      backend,
      part.segments[0],
      values,
      () => Promise.resolve(),
      (output, c) => results.set(output, c),
    );
    freeValues(backend, results);
  };

  try {
    using oneRow = await rowOf(1, 1, 0);
    using babyRow = await rowOf(1, BABY_STEPS, 0);
    using productRow = await rowOf(SUMS, BABY_STEPS, 0);
    using giantRow = await rowOf(SUMS, BABY_STEPS, 1);
    const scaled = (): C => backend.multiplyAdd(undefined, input, scalar, scale);
    const dropping = [
      () => backend.free(backend.rescale(scaled(), 2 ** 12)),
      () => backend.free(backend.square(input, 2 ** 12)),
    ];
    const [loading, one, babies, products, giants, multiplyScalar, ...dropped] = await shortest([
      () => backend.free(backend.load(residues)),
      () => run(oneRow),
      () => run(babyRow),
      () => run(productRow),
      () => run(giantRow),
      () => backend.free(scaled()),
      ...(maxLevel > 0 ? dropping : []),
    ]);
    // Differences of measured times may come out negative on a busy machine.
    const least = 1e-3;
    const multiplyPlain = Math.max(least, (products - babies) / (BABY_STEPS * (SUMS - 1)));
    const [lowering = 0, square = 0] = dropped;
    const rescale = maxLevel > 0 ? Math.max(least, lowering - multiplyScalar) : 0;
    const rotateHoisted = Math.max(least, (babies - one) / (BABY_STEPS - 1) - multiplyPlain);
    return {
      slots,
      primes: maxLevel + 1,
      rotate: Math.max(rotateHoisted, (giants - products) / (SUMS - 1)),
      rotateHoisted,
      hoist: Math.max(least, one - loading - multiplyPlain - rotateHoisted),
      multiplyPlain,
      multiplyScalar: Math.max(least, multiplyScalar),
      rescale,
      relinearize: maxLevel > 0 ? Math.max(least, square - rescale) : 0,
    };
  } finally {
    backend.free(input);
  }
}
