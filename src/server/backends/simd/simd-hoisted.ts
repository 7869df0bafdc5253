// Sums of rotated products on the SIMD kernel: each input is decomposed once, each output divided by P once.
import { defined } from '../../../base/assert.ts';
import type { LinearRow, RotatedSum, Term } from '../../../plan/plan.ts';
import {
  addGiantStep,
  BabySteps,
  type Ciphertext,
  DiagonalSum,
  type ExtendedCiphertext,
  divideExtended,
  extendedZero,
  fillBabyStep,
  fillConstantDiagonal,
  fillDiagonal,
  hoist,
  innerSums,
} from '../../../kernel/kernel.ts';
import type { Checkpoint, LinearPart, LinearRunner } from '../../backend.ts';
import type { SimdCiphertext, SimdOperations } from './simd-operations.ts';
import {
  disposeAll,
  Finisher,
  handleOf,
  type Inputs,
  type OnOutput,
  type PlacedRow,
  placedRows,
} from './simd-rows.ts';

/** A rotation of an input that a stage's sums share. */
interface BabyStep {
  readonly input: number;
  readonly step: number;
}

/** One giant step of a row. */
interface GiantStep {
  readonly giantStep: number;
  readonly diagonals: DiagonalSum;
}

/** A row and its giant steps. */
interface Row {
  readonly placed: PlacedRow;
  readonly sums: GiantStep[];
}

/** Horner's rule: the sum so far, rotated by one unit after the other down to the next one. */
class Chain implements Disposable {
  readonly #backend: SimdOperations;
  readonly #unit: number;
  readonly #primes: number;
  #sum: ExtendedCiphertext | undefined;
  #step = 0;

  constructor(backend: SimdOperations, unit: number, primes: number) {
    this.#backend = backend;
    this.#unit = unit;
    this.#primes = primes;
  }

  /** Takes over `part`, which is to be rotated by `step` in all; no more than any before it. */
  add(part: ExtendedCiphertext, step: number): void {
    if (this.#sum === undefined) {
      this.#sum = part;
      this.#step = step;
      return;
    }
    try {
      this.#rotateTo(step + this.#unit);
      this.#rotateInto(part);
    } catch (error) {
      part[Symbol.dispose]();
      throw error;
    }
  }

  /** The sum where it belongs, divided by P. */
  finish(): Ciphertext {
    this.#rotateTo(0);
    return divideExtended(defined(this.#sum, 'a row has sums'));
  }

  #rotateTo(step: number): void {
    while (this.#step > step) this.#rotateInto(extendedZero(this.#backend.kernel, this.#primes));
  }

  /** The sum, rotated by one unit and added to `part`, which takes its place. */
  #rotateInto(part: ExtendedCiphertext): void {
    const sum = defined(this.#sum, 'a chain begins with a sum');
    addGiantStep(part, sum, this.#backend.rotationKey(this.#unit));
    sum[Symbol.dispose]();
    this.#sum = part;
    this.#step -= this.#unit;
  }

  [Symbol.dispose](): void {
    this.#sum?.[Symbol.dispose]();
  }
}

/** A stage with rotations. Its diagonals are encoded once, over QP; a run rotates each input by all its baby steps. */
export class HoistedRunner implements LinearRunner<SimdCiphertext> {
  readonly #host: SimdOperations;
  readonly #part: LinearPart;
  readonly #primes: number;
  /** Slot of each baby step, by `input:step`. */
  readonly #slots = new Map<string, number>();
  readonly #babies: BabyStep[] = [];
  readonly #rows: Row[] = [];
  readonly #finisher: Finisher;

  constructor(host: SimdOperations, part: LinearPart) {
    this.#host = host;
    this.#part = part;
    this.#primes = part.level + 1;
    this.#finisher = new Finisher(host, part);
  }

  async prepare(checkpoint: Checkpoint): Promise<void> {
    for (const placed of placedRows(this.#part)) {
      const sums: GiantStep[] = [];
      this.#rows.push({ placed, sums });
      for (const sum of placed.row.sums) {
        for (const term of sum.terms) this.#slotOf(term);
        if (this.#part.isStreamed) continue;
        sums.push({ giantStep: sum.giantStep, diagonals: this.#encode(sum) });
        await checkpoint(0);
      }
    }
    await this.#finisher.prepare(checkpoint);
  }

  /** The diagonals of a sum. */
  #encode({ terms }: RotatedSum): DiagonalSum {
    const { plainScale } = this.#part;
    const slots = terms.map((term) => this.#slotOf(term));
    const diagonals = new DiagonalSum(this.#host.kernel, slots, this.#primes);
    try {
      for (const [index, { diagonal }] of terms.entries()) {
        if (diagonal.kind === 'scalar') {
          fillConstantDiagonal(diagonals, index, diagonal.value * plainScale);
        } else {
          fillDiagonal(diagonals, index, this.#host.encoder, this.#host.slotValues(diagonal), plainScale);
        }
      }
      return diagonals;
    } catch (error) {
      diagonals[Symbol.dispose]();
      throw error;
    }
  }

  #slotOf({ input, step }: Term): number {
    const key = `${input}:${step}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    this.#slots.set(key, this.#babies.length);
    return this.#babies.push({ input, step }) - 1;
  }

  async run(
    backend: SimdOperations,
    inputs: Inputs,
    checkpoint: Checkpoint,
    onOutput: OnOutput,
  ): Promise<void> {
    // A worker may have no share of a stage.
    if (this.#rows.length === 0) return;
    using babies = new BabySteps(backend.kernel, this.#babies.length, this.#primes);
    const byInput = Map.groupBy(this.#babies.entries(), ([, { input }]) => input);
    for (const [input, steps] of byInput) {
      using hoisted = hoist(handleOf(inputs, input));
      for (const [slot, { step }] of steps) {
        fillBabyStep(babies, slot, hoisted, step === 0 ? null : backend.rotationKey(step));
      }
      await checkpoint(0);
    }
    if (this.#part.isStreamed) {
      for (const { placed } of this.#rows) {
        const total = this.#streamed(backend, babies, placed.row);
        onOutput(placed.output, this.#finisher.finish(placed.row, total));
        await checkpoint(1);
      }
      return;
    }
    for (const rows of this.#walks(babies.bytes)) {
      const parts = innerSums(
        babies,
        rows.flatMap(({ sums }) => sums.map(({ diagonals }) => diagonals)),
      );
      try {
        let from = 0;
        for (const { placed, sums } of rows) {
          const own = parts.slice(from, from + sums.length);
          from += sums.length;
          const total =
            this.#part.method === 'chained'
              ? this.#chained(backend, own, sums)
              : this.#total(backend, own, sums);
          onOutput(placed.output, this.#finisher.finish(placed.row, total));
          disposeAll(own);
          await checkpoint(1);
        }
      } finally {
        disposeAll(parts);
      }
    }
  }

  /** The sum of `row`, whose diagonals are encoded here, one giant step after the other. */
  #streamed(backend: SimdOperations, babies: BabySteps, row: LinearRow): Ciphertext {
    if (this.#part.method === 'chained') {
      using chain = new Chain(backend, this.#part.giantUnit!, this.#primes);
      for (const sum of row.sums.toReversed()) {
        using diagonals = this.#encode(sum);
        chain.add(innerSums(babies, [diagonals])[0], sum.giantStep);
      }
      return chain.finish();
    }
    using total = extendedZero(backend.kernel, this.#primes);
    for (const sum of row.sums) {
      using diagonals = this.#encode(sum);
      const [part] = innerSums(babies, [diagonals]);
      using added = part;
      addGiantStep(total, added, sum.giantStep === 0 ? null : backend.rotationKey(sum.giantStep));
    }
    return divideExtended(total);
  }

  /** The rows in groups: each group's sums are made in one walk over the baby steps, and take no more than these do. */
  #walks(most: number): Row[][] {
    const sumBytes = 2 * (this.#primes + 1) * this.#host.kernel.rowBytes;
    const walks: Row[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const row of this.#rows) {
      const own = row.sums.length * sumBytes;
      if (bytes + own > most) {
        walks.push([]);
        bytes = 0;
      }
      walks.at(-1).push(row);
      bytes += own;
    }
    return walks;
  }

  /** The sum of a row's giant steps; `parts` stay the caller's. */
  #total(
    backend: SimdOperations,
    parts: readonly ExtendedCiphertext[],
    sums: readonly GiantStep[],
  ): Ciphertext {
    using total = extendedZero(backend.kernel, this.#primes);
    for (const [index, { giantStep }] of sums.entries()) {
      addGiantStep(total, parts[index], giantStep === 0 ? null : backend.rotationKey(giantStep));
    }
    return divideExtended(total);
  }

  /** The same with one key; `parts` are used up. */
  #chained(
    backend: SimdOperations,
    parts: readonly ExtendedCiphertext[],
    sums: readonly GiantStep[],
  ): Ciphertext {
    using chain = new Chain(backend, this.#part.giantUnit!, this.#primes);
    for (let i = sums.length - 1; i >= 0; i -= 1) chain.add(parts[i], sums[i].giantStep);
    return chain.finish();
  }

  [Symbol.dispose](): void {
    for (const { sums } of this.#rows) disposeAll(sums.map(({ diagonals }) => diagonals));
    this.#finisher[Symbol.dispose]();
  }
}
