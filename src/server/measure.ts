// Times a backend's operations on this machine, so that a run can be predicted before anything is encrypted.
import type { Parameters } from '../params/parameters.ts';
import { primesAtLevel } from '../params/parameters.ts';
import type { ResidueCiphertext, ResidueKey } from '../params/residues.ts';
import type { LinearRow, RotatedSum } from '../plan/plan.ts';
import type { OperationTimes } from '../protocol/contracts.ts';
import type { KeyedBackend } from './backend.ts';
import { freeValues, PreparedPart, runSegment, type Values } from './interpreter.ts';

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
const LEAST_MS = 50;
const MOST_REPEATS = 40;

/** Least of repeated times of `work`, after one that is not counted: what else the machine does only adds to them. */
async function shortest(work: () => Promise<void> | void): Promise<number> {
  await work();
  const times: number[] = [];
  let total = 0;
  while (times.length === 0 || (total < LEAST_MS && times.length < MOST_REPEATS)) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
    total += times.at(-1);
  }
  return Math.min(...times);
}

/**
 * Times the operations of `backend` at the highest level. Its keys for the steps 1 to 8 and for relinearisation are
 * replaced by random ones.
 */
export async function measureOperations<C>(
  backend: KeyedBackend<C>,
  parameters: Parameters,
): Promise<OperationTimes> {
  const { polyModulusDegree: degree, maxLevel, primes, slots } = parameters;
  const random = new RandomResidues();
  const key: ResidueKey = {
    digits: Array.from({ length: maxLevel + 1 }, () => random.polynomials(2, primes, degree)),
  };
  const rotations = new Map(Array.from({ length: BABY_STEPS }, (_, i) => [i + 1, key]));
  backend.addKeys({ relinearization: key, rotations });
  const residues: ResidueCiphertext = {
    size: 2,
    level: maxLevel,
    scale: 2 ** 20,
    words: random.polynomials(2, primesAtLevel(parameters, maxLevel), degree),
  };
  const input = backend.load(residues);
  const factor = { kind: 'vector', values: new Float32Array(slots).fill(0.5) } as const;
  const scalar = { kind: 'scalar', value: 0.5 } as const;

  /** One row of `sums` sums of `terms` products, the sums after the first rotated by `giantStep`. */
  const timeRow = async (sums: number, terms: number, giantStep: number): Promise<number> => {
    const sum = (at: number): RotatedSum => ({
      giantStep: at === 0 ? 0 : giantStep,
      terms: Array.from({ length: terms }, (_, step) => ({ input: 0, step: step + 1, diagonal: factor })),
    });
    const row: LinearRow = { sums: Array.from({ length: sums }, (_, at) => sum(at)), bias: undefined };
    using part = new PreparedPart(backend, {
      name: 'measure',
      segments: [
        [
          {
            kind: 'linear',
            label: 'measure',
            level: maxLevel,
            inScale: 2 ** 20,
            plainScale: 2 ** 20,
            rescale: false,
            outScale: 2 ** 40,
            rows: [row],
            outputs: [0],
          },
        ],
      ],
    });
    return await shortest(async () => {
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
    });
  };

  try {
    const loading = await shortest(() => backend.free(backend.load(residues)));
    const one = await timeRow(1, 1, 0);
    const babies = await timeRow(1, BABY_STEPS, 0);
    const products = await timeRow(SUMS, BABY_STEPS, 0);
    const giants = await timeRow(SUMS, BABY_STEPS, 1);
    const multiplyScalar = await shortest(() => {
      backend.free(backend.multiplyAdd(undefined, input, scalar, 2 ** 20));
    });
    const lowering = await shortest(() => {
      backend.free(backend.rescale(backend.multiplyAdd(undefined, input, scalar, 2 ** 20), 2 ** 12));
    });
    const square = await shortest(() => backend.free(backend.square(input, 2 ** 12)));
    // Differences of measured times may come out negative on a busy machine.
    const least = 1e-3;
    const multiplyPlain = Math.max(least, (products - babies) / (BABY_STEPS * (SUMS - 1)));
    const rescale = Math.max(least, lowering - multiplyScalar);
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
      relinearize: Math.max(least, square - rescale),
    };
  } finally {
    backend.free(input);
  }
}
