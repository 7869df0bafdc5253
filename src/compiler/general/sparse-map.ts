// Sparse affine maps between flattened tensors: the one form every linear layer takes in the compiler.
import { assert } from '../../base/assert.ts';

/** A sparse matrix by rows (CSR): row r holds columns `columns[rowStart[r] … rowStart[r + 1] − 1]`, ascending, once each. */
export interface SparseMatrix {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** `out = matrix · in + bias`. */
export interface SparseMap {
  readonly matrix: SparseMatrix;
  /** One value a row; undefined for none. */
  readonly bias: Float64Array | undefined;
}

/** Collects a matrix row after row; entries of one row may come in any order, doubles are added, zeros left out. */
export class MatrixBuilder {
  readonly #rowCount: number;
  readonly #columnCount: number;
  readonly #rowStart: Int32Array;
  #columns: Int32Array;
  #values: Float64Array;
  #row = 0;
  #length = 0;
  readonly #sums: Float64Array;
  /** Columns of the row being built, the first `#count` of them. */
  readonly #touched: Int32Array;
  #count = 0;
  #isAscending = true;
  readonly #isTouched: Uint8Array;

  /** @param entries about how many there will be: fewer are moved as the matrix grows */
  constructor(rowCount: number, columnCount: number, entries = 1024) {
    this.#columns = new Int32Array(entries);
    this.#values = new Float64Array(entries);
    this.#rowCount = rowCount;
    this.#columnCount = columnCount;
    this.#rowStart = new Int32Array(rowCount + 1);
    this.#sums = new Float64Array(columnCount);
    this.#touched = new Int32Array(columnCount);
    this.#isTouched = new Uint8Array(columnCount);
  }

  /** Adds `value` at `column` of the row being built. */
  add(column: number, value: number): void {
    if (value === 0) return;
    if (this.#isTouched[column] === 0) {
      this.#isTouched[column] = 1;
      if (this.#count > 0 && this.#touched[this.#count - 1] > column) this.#isAscending = false;
      this.#touched[this.#count] = column;
      this.#count += 1;
    }
    this.#sums[column] += value;
  }

  /** Ends the row being built. */
  endRow(): void {
    const touched = this.#touched.subarray(0, this.#count);
    if (!this.#isAscending) touched.sort();
    if (this.#length + this.#count > this.#columns.length) this.#grow();
    for (let i = 0; i < touched.length; i += 1) {
      const column = touched[i];
      const value = this.#sums[column];
      this.#sums[column] = 0;
      this.#isTouched[column] = 0;
      if (value === 0) continue;
      this.#columns[this.#length] = column;
      this.#values[this.#length] = value;
      this.#length += 1;
    }
    this.#count = 0;
    this.#isAscending = true;
    this.#row += 1;
    this.#rowStart[this.#row] = this.#length;
  }

  #grow(): void {
    const capacity = 2 * (this.#length + this.#count);
    const columns = new Int32Array(capacity);
    columns.set(this.#columns);
    this.#columns = columns;
    const values = new Float64Array(capacity);
    values.set(this.#values);
    this.#values = values;
  }

  finish(): SparseMatrix {
    assert(this.#row === this.#rowCount, 'every row has been built');
    // What is nearly full is not moved once more.
    const isFull = 2 * this.#length > this.#columns.length;
    const [columns, values] = [this.#columns, this.#values];
    return {
      rowCount: this.#rowCount,
      columnCount: this.#columnCount,
      rowStart: this.#rowStart,
      columns: isFull ? columns.subarray(0, this.#length) : columns.slice(0, this.#length),
      values: isFull ? values.subarray(0, this.#length) : values.slice(0, this.#length),
    };
  }
}

/** The matrix whose row r is `weights[r]` at column `sources[r]`; a source of −1 makes an empty row. */
export function gatherMatrix(
  sources: ArrayLike<number>,
  columnCount: number,
  weightOf: (row: number) => number = () => 1,
): SparseMatrix {
  const rowCount = sources.length;
  const rowStart = new Int32Array(rowCount + 1);
  const columns = new Int32Array(rowCount);
  const values = new Float64Array(rowCount);
  let length = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const weight = sources[row] < 0 ? 0 : weightOf(row);
    if (weight !== 0) {
      columns[length] = sources[row];
      values[length] = weight;
      length += 1;
    }
    rowStart[row + 1] = length;
  }
  return {
    rowCount,
    columnCount,
    rowStart,
    columns: columns.slice(0, length),
    values: values.slice(0, length),
  };
}

/** The identity on `size` elements. */
export function identityMatrix(size: number): SparseMatrix {
  return gatherMatrix(
    Int32Array.from({ length: size }, (_, i) => i),
    size,
  );
}

/** Number of stored entries. */
export function nonZeros(matrix: SparseMatrix): number {
  return matrix.columns.length;
}

/** `second · first`. */
export function multiplyMatrices(second: SparseMatrix, first: SparseMatrix): SparseMatrix {
  assert(second.columnCount === first.rowCount, 'the second matrix takes what the first puts out');
  if (identityFactor(first) === 1) return second;
  if (identityFactor(second) === 1) return first;
  const builder = new MatrixBuilder(second.rowCount, first.columnCount);
  for (let row = 0; row < second.rowCount; row += 1) {
    for (let at = second.rowStart[row]; at < second.rowStart[row + 1]; at += 1) {
      const weight = second.values[at];
      const middle = second.columns[at];
      for (let inner = first.rowStart[middle]; inner < first.rowStart[middle + 1]; inner += 1) {
        builder.add(first.columns[inner], weight * first.values[inner]);
      }
    }
    builder.endRow();
  }
  return builder.finish();
}

/** Entries `second · first` would store at most: each middle entry multiplied out. */
export function productWork(second: SparseMatrix, first: SparseMatrix): number {
  let work = 0;
  for (const middle of second.columns) work += first.rowStart[middle + 1] - first.rowStart[middle];
  return work;
}

/** `a + b`. */
export function addMatrices(a: SparseMatrix, b: SparseMatrix): SparseMatrix {
  const builder = new MatrixBuilder(a.rowCount, a.columnCount);
  for (let row = 0; row < a.rowCount; row += 1) {
    for (const matrix of [a, b]) {
      for (let at = matrix.rowStart[row]; at < matrix.rowStart[row + 1]; at += 1) {
        builder.add(matrix.columns[at], matrix.values[at]);
      }
    }
    builder.endRow();
  }
  return builder.finish();
}

/** `matrix` with row r multiplied by `factor(r)`. */
export function scaleRows(matrix: SparseMatrix, factor: (row: number) => number): SparseMatrix {
  const values = new Float64Array(matrix.values.length);
  let hasZero = false;
  for (let row = 0; row < matrix.rowCount; row += 1) {
    const scale = factor(row);
    if (scale === 0) hasZero = true;
    for (let at = matrix.rowStart[row]; at < matrix.rowStart[row + 1]; at += 1)
      values[at] = matrix.values[at] * scale;
  }
  return hasZero ? withoutZeros({ ...matrix, values }) : { ...matrix, values };
}

function withoutZeros(matrix: SparseMatrix): SparseMatrix {
  const builder = new MatrixBuilder(matrix.rowCount, matrix.columnCount);
  for (let row = 0; row < matrix.rowCount; row += 1) {
    for (let at = matrix.rowStart[row]; at < matrix.rowStart[row + 1]; at += 1) {
      builder.add(matrix.columns[at], matrix.values[at]);
    }
    builder.endRow();
  }
  return builder.finish();
}

/** `matrix · vector`. */
export function applyMatrix(matrix: SparseMatrix, vector: Float64Array): Float64Array {
  const out = new Float64Array(matrix.rowCount);
  addApplied(matrix, vector, out);
  return out;
}

/** Adds `matrix · vector` to `out`. */
export function addApplied(matrix: SparseMatrix, vector: Float64Array, out: Float64Array): void {
  const { rowCount, rowStart, columns, values } = matrix;
  for (let row = 0, at = 0; row < rowCount; row += 1) {
    const end = rowStart[row + 1];
    let sum = 0;
    for (; at < end; at += 1) sum += values[at] * vector[columns[at]];
    out[row] += sum;
  }
}

/** The factor c if `matrix` is c times the identity, otherwise undefined. */
export function identityFactor(matrix: SparseMatrix): number | undefined {
  if (matrix.rowCount !== matrix.columnCount || matrix.columns.length !== matrix.rowCount) return undefined;
  const factor = matrix.values[0];
  for (let row = 0; row < matrix.rowCount; row += 1) {
    if (matrix.rowStart[row] !== row || matrix.columns[row] !== row || matrix.values[row] !== factor)
      return undefined;
  }
  return factor;
}
