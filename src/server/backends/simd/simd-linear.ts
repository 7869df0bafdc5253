// Linear stages on the SIMD kernel, made ready once: scalar matrices, products without rotation, hoisted sums.
import { mix, type ScalarMatrix, scalarMatrix } from '../../../kernel/kernel.ts';
import type { Checkpoint, LinearPart, LinearRunner } from '../../backend.ts';
import { HoistedRunner } from './simd-hoisted.ts';
import type { SimdCiphertext, SimdOperations } from './simd-operations.ts';
import { ProductRunner } from './simd-products.ts';
import { SumRunner } from './simd-sums.ts';
import {
  disposeAll,
  Finisher,
  handleOf,
  type Inputs,
  type OnOutput,
  type PlacedRow,
  placedRows,
  termsOf,
} from './simd-rows.ts';

/** The runner for the method that the plan says: every share of a stage is run alike. */
export function simdRunner(backend: SimdOperations, part: LinearPart): LinearRunner<SimdCiphertext> {
  switch (part.method) {
    case 'matrix':
      return new MatrixRunner(backend, part);
    case 'products':
      return new ProductRunner(backend, part);
    case 'hoisted':
    case 'chained':
      return new HoistedRunner(backend, part);
    case 'rotate-and-sum':
      return new SumRunner(backend, part);
  }
}

/** Rows that read the same inputs (those of one tile), as a matrix of scalars. */
interface MatrixGroup {
  readonly rows: readonly PlacedRow[];
  readonly inputs: readonly number[];
  readonly matrix: ScalarMatrix;
}

/** Only scalars: each tile of the inputs is read once for all outputs. */
class MatrixRunner implements LinearRunner<SimdCiphertext> {
  readonly #host: SimdOperations;
  readonly #part: LinearPart;
  readonly #groups: MatrixGroup[] = [];
  readonly #finisher: Finisher;

  constructor(host: SimdOperations, part: LinearPart) {
    this.#host = host;
    this.#part = part;
    this.#finisher = new Finisher(host, part);
  }

  async prepare(checkpoint: Checkpoint): Promise<void> {
    for (const rows of connectedRows(placedRows(this.#part))) {
      this.#groups.push(matrixGroup(this.#host, this.#part, rows));
      await checkpoint(0);
    }
    await this.#finisher.prepare(checkpoint);
  }

  async run(_: SimdOperations, inputs: Inputs, checkpoint: Checkpoint, onOutput: OnOutput): Promise<void> {
    for (const { matrix, rows, inputs: columns } of this.#groups) {
      const sums = mix(
        matrix,
        columns.map((input) => handleOf(inputs, input)),
      );
      try {
        for (const { row, output } of rows) onOutput(output, this.#finisher.finish(row, sums.shift()!));
      } finally {
        disposeAll(sums);
      }
      await checkpoint(rows.length);
    }
  }

  [Symbol.dispose](): void {
    this.#finisher[Symbol.dispose]();
  }
}

function matrixGroup(backend: SimdOperations, part: LinearPart, rows: readonly PlacedRow[]): MatrixGroup {
  const inputs = [...new Set(rows.flatMap(({ row }) => termsOf(row).map(({ input }) => input)))];
  const column = new Map(inputs.map((input, index) => [input, index]));
  const values = new Float64Array(rows.length * inputs.length);
  for (const [index, { row }] of rows.entries()) {
    for (const { input, diagonal } of termsOf(row)) {
      if (diagonal.kind !== 'scalar') continue;
      // Rounded one by one, as the scheme's other backends do it.
      values[index * inputs.length + column.get(input)!] += Math.round(diagonal.value * part.plainScale);
    }
  }
  return {
    rows,
    inputs,
    matrix: scalarMatrix(backend.kernel, values, rows.length, inputs.length, part.level + 1),
  };
}

/** `rows` in groups that share no input: tiles read disjoint inputs. */
function connectedRows(rows: readonly PlacedRow[]): PlacedRow[][] {
  // A forest over the inputs: those that a row reads together end under one root.
  const parent = new Map<number, number>();
  const rootOf = (input: number): number => {
    let root = input;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    return root;
  };
  for (const { row } of rows) {
    const [first, ...rest] = termsOf(row).map(({ input }) => input);
    for (const other of rest) {
      const [from, to] = [rootOf(other), rootOf(first)];
      if (from !== to) parent.set(from, to);
    }
  }
  return [...Map.groupBy(rows, ({ row }) => rootOf(row.sums[0].terms[0].input)).values()];
}
