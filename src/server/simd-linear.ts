// Linear stages on the SIMD kernel: scalar matrices, products without rotation, and hoisted sums of diagonals.
import { defined } from '../base/assert.ts';
import type { Diagonal, LinearRow, Term } from '../plan/plan.ts';
import {
  addGiantStep,
  addPlainInto,
  BabySteps,
  type Ciphertext,
  DiagonalSum,
  divideExtended,
  extendedZero,
  fillBabyStep,
  fillDiagonal,
  hoist,
  innerSums,
  mix,
  multiplyAccumulate,
  type Plaintext,
  type ScalarMatrix,
  scalarMatrix,
} from '../../wasm/kernel.ts';
import type { Checkpoint, LinearPart, LinearRunner } from './backend.ts';
import type { SimdBackend, SimdCiphertext } from './simd-backend.ts';

type Inputs = ReadonlyMap<number, SimdCiphertext>;
type OnOutput = (output: number, ciphertext: SimdCiphertext) => void;

/** A row with its place among the stage's outputs. */
interface PlacedRow {
  readonly row: LinearRow;
  readonly output: number;
}

/** The runner that fits `part` best. */
export function simdRunner(backend: SimdBackend, part: LinearPart): LinearRunner<SimdCiphertext> {
  const terms = part.rows.flatMap(({ sums }) => sums.flatMap((sum) => sum.terms));
  const isRotated =
    part.rows.some(({ sums }) => sums.some((sum) => sum.giantStep !== 0)) || terms.some((t) => t.step !== 0);
  if (isRotated) return new HoistedRunner(backend, part);
  if (terms.every(({ diagonal }) => diagonal.kind === 'scalar')) return new MatrixRunner(backend, part);
  return new ProductRunner(backend, part);
}

/** What every runner does with a row's sum: rescale, add the bias. Vector biases are encoded once. */
class Finisher implements Disposable {
  readonly #backend: SimdBackend;
  readonly #part: LinearPart;
  readonly #biases = new Map<LinearRow, Plaintext>();

  constructor(backend: SimdBackend, part: LinearPart) {
    this.#backend = backend;
    this.#part = part;
    const primes = part.level + (part.rescale ? 0 : 1);
    for (const row of part.rows) {
      if (row.bias?.kind !== 'vector') continue;
      this.#biases.set(row, backend.encode(row.bias, part.outScale, primes, 'addend'));
    }
  }

  finish(row: LinearRow, sum: Ciphertext): SimdCiphertext {
    const { rescale, outScale } = this.#part;
    const unscaled = { handle: sum, scale: outScale };
    const result = rescale ? this.#backend.rescale(unscaled, outScale) : unscaled;
    const bias = this.#biases.get(row);
    if (bias) addPlainInto(result.handle, bias);
    else if (row.bias) this.#backend.addConstant(result, row.bias);
    return result;
  }

  [Symbol.dispose](): void {
    for (const bias of this.#biases.values()) bias[Symbol.dispose]();
  }
}

function handleOf(inputs: Inputs, input: number): Ciphertext {
  return defined(inputs.get(input), `value ${input} is here`).handle;
}

function placedRows({ rows, outputs }: LinearPart): PlacedRow[] {
  return rows.map((row, index) => ({ row, output: outputs[index] }));
}

function termsOf(row: LinearRow): Term[] {
  return row.sums.flatMap((sum) => sum.terms);
}

/** Only scalars: rows that read the same inputs (those of one tile) are one matrix. */
class MatrixRunner implements LinearRunner<SimdCiphertext> {
  readonly #groups: { rows: PlacedRow[]; inputs: number[]; matrix: ScalarMatrix }[] = [];
  readonly #finisher: Finisher;

  constructor(backend: SimdBackend, part: LinearPart) {
    const byTile = new Map<number, PlacedRow[]>();
    for (const [first, rows] of groupRows(placedRows(part))) byTile.set(first, rows);
    for (const rows of byTile.values()) {
      const inputs = [...new Set(rows.flatMap(({ row }) => termsOf(row).map((t) => t.input)))].sort(
        (a, b) => a - b,
      );
      const column = new Map(inputs.map((input, index) => [input, index]));
      const values = new Float64Array(rows.length * inputs.length);
      for (const [index, { row }] of rows.entries()) {
        for (const { input, diagonal } of termsOf(row)) {
          values[index * inputs.length + column.get(input)!] += scalarValue(diagonal) * part.plainScale;
        }
      }
      const matrix = scalarMatrix(backend.kernel, values, rows.length, inputs.length, part.level + 1);
      this.#groups.push({ rows, inputs, matrix });
    }
    this.#finisher = new Finisher(backend, part);
  }

  async run(inputs: Inputs, checkpoint: Checkpoint, onOutput: OnOutput): Promise<void> {
    for (const group of this.#groups) {
      const sums = mix(
        group.matrix,
        group.inputs.map((input) => handleOf(inputs, input)),
      );
      for (const [index, { row, output }] of group.rows.entries()) {
        onOutput(output, this.#finisher.finish(row, sums[index]));
      }
      for (const _ of group.rows) await checkpoint();
    }
  }

  [Symbol.dispose](): void {
    this.#finisher[Symbol.dispose]();
  }
}

function scalarValue(diagonal: Diagonal): number {
  return diagonal.kind === 'scalar' ? diagonal.value : 0;
}

/** Rows whose inputs overlap, together: tiles read disjoint inputs. */
function groupRows(rows: readonly PlacedRow[]): Map<number, PlacedRow[]> {
  const groupOf = new Map<number, number>();
  const groups = new Map<number, PlacedRow[]>();
  for (const placed of rows) {
    const inputs = termsOf(placed.row).map((t) => t.input);
    const known = inputs.map((input) => groupOf.get(input)).find((group) => group !== undefined);
    const group = known ?? inputs[0];
    for (const input of inputs) {
      const other = groupOf.get(input);
      if (other !== undefined && other !== group) {
        // Two groups turn out to share an input: they become one.
        groups.get(group)!.push(...groups.get(other)!);
        groups.delete(other);
        for (const [i, g] of groupOf) if (g === other) groupOf.set(i, group);
      }
      groupOf.set(input, group);
    }
    groups.set(group, [...(groups.get(group) ?? []), placed]);
  }
  return groups;
}

/** Products without rotation: the diagonals are encoded once, each row is one accumulation. */
class ProductRunner implements LinearRunner<SimdCiphertext> {
  readonly #rows: { placed: PlacedRow; factors: { input: number; plaintext: Plaintext }[] }[];
  readonly #finisher: Finisher;

  constructor(backend: SimdBackend, part: LinearPart) {
    this.#rows = placedRows(part).map((placed) => ({
      placed,
      factors: termsOf(placed.row).map(({ input, diagonal }) => ({
        input,
        plaintext: backend.encode(diagonal, part.plainScale, part.level + 1, 'factor'),
      })),
    }));
    this.#finisher = new Finisher(backend, part);
  }

  async run(inputs: Inputs, checkpoint: Checkpoint, onOutput: OnOutput): Promise<void> {
    for (const { placed, factors } of this.#rows) {
      const terms = factors.map(({ input, plaintext }) => ({
        ciphertext: handleOf(inputs, input),
        plaintext,
      }));
      onOutput(placed.output, this.#finisher.finish(placed.row, multiplyAccumulate(terms)));
      await checkpoint();
    }
  }

  [Symbol.dispose](): void {
    for (const { factors } of this.#rows) for (const { plaintext } of factors) plaintext[Symbol.dispose]();
    this.#finisher[Symbol.dispose]();
  }
}

/** Sums of rotated products: each input is decomposed once, products are summed over QP and divided once a row. */
class HoistedRunner implements LinearRunner<SimdCiphertext> {
  readonly #backend: SimdBackend;
  readonly #primes: number;
  /** The baby steps of the stage, in slots of one block. */
  readonly #babies: readonly { input: number; step: number }[];
  readonly #rows: { placed: PlacedRow; sums: { giantStep: number; diagonals: DiagonalSum }[] }[];
  readonly #finisher: Finisher;

  constructor(backend: SimdBackend, part: LinearPart) {
    this.#backend = backend;
    this.#primes = part.level + 1;
    const slots = new Map<string, number>();
    const babies: { input: number; step: number }[] = [];
    const slotOf = ({ input, step }: Term): number => {
      const key = `${input}:${step}`;
      const known = slots.get(key);
      if (known !== undefined) return known;
      slots.set(key, babies.length);
      babies.push({ input, step });
      return babies.length - 1;
    };
    this.#rows = placedRows(part).map((placed) => ({
      placed,
      sums: placed.row.sums.map(({ giantStep, terms }) => {
        const diagonals = new DiagonalSum(backend.kernel, terms.map(slotOf), this.#primes);
        for (const [index, { diagonal }] of terms.entries()) {
          fillDiagonal(diagonals, index, backend.encoder, slotValues(diagonal, backend), part.plainScale);
        }
        return { giantStep, diagonals };
      }),
    }));
    this.#babies = babies;
    this.#finisher = new Finisher(backend, part);
  }

  async run(inputs: Inputs, checkpoint: Checkpoint, onOutput: OnOutput): Promise<void> {
    using babies = new BabySteps(this.#backend.kernel, this.#babies.length, this.#primes);
    this.#fill(babies, inputs);
    await checkpoint();
    for (const { placed, sums } of this.#rows) {
      onOutput(placed.output, this.#finisher.finish(placed.row, this.#sum(babies, sums)));
      await checkpoint();
    }
  }

  #fill(babies: BabySteps, inputs: Inputs): void {
    const byInput = new Map<number, { slot: number; step: number }[]>();
    for (const [slot, { input, step }] of this.#babies.entries()) {
      const steps = byInput.get(input) ?? [];
      steps.push({ slot, step });
      byInput.set(input, steps);
    }
    for (const [input, steps] of byInput) {
      using hoisted = hoist(handleOf(inputs, input));
      for (const { slot, step } of steps) {
        fillBabyStep(babies, slot, hoisted, step === 0 ? null : this.#backend.rotationKey(step));
      }
    }
  }

  #sum(babies: BabySteps, sums: readonly { giantStep: number; diagonals: DiagonalSum }[]): Ciphertext {
    using total = extendedZero(this.#backend.kernel, this.#primes);
    const parts = innerSums(
      babies,
      sums.map(({ diagonals }) => diagonals),
    );
    try {
      for (const [index, { giantStep }] of sums.entries()) {
        addGiantStep(total, parts[index], giantStep === 0 ? null : this.#backend.rotationKey(giantStep));
      }
    } finally {
      for (const part of parts) part[Symbol.dispose]();
    }
    return divideExtended(total);
  }

  [Symbol.dispose](): void {
    for (const { sums } of this.#rows) for (const { diagonals } of sums) diagonals[Symbol.dispose]();
    this.#finisher[Symbol.dispose]();
  }
}

function slotValues(diagonal: Diagonal, backend: SimdBackend): Float64Array {
  if (diagonal.kind === 'vector') return Float64Array.from(diagonal.values);
  return new Float64Array(backend.encoder.slotCount).fill(diagonal.value);
}
