// Sparse maps between layouts → generalised diagonals (Halevi–Shoup 2014, 2018): which there are, and their values.
import type { Affine } from './program.ts';
import type { SearchTables } from './search-tables.ts';
import { canRead, nearestCopy, slotAt } from './skew.ts';
import { identityFactor } from './sparse-map.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** A value in the ciphertexts `first`, `first + 1`, … of a stage's inputs. */
export interface Placed {
  readonly layout: TensorLayout;
  readonly first: number;
}

/** The inputs of a linear stage. */
export interface StageInputs {
  readonly ring: number;
  readonly count: number;
  readonly placed: ReadonlyMap<number, Placed>;
  /** Input ciphertext that stands for each: ciphertexts with equal columns are added up first. */
  readonly representative: Int32Array;
}

/** What a linear stage makes: an affine value in a layout. */
export interface StageTarget {
  readonly affine: Affine;
  readonly layout: TensorLayout;
  readonly used: Uint8Array;
}

/**
 * The period of a target's products. Where it exceeds the layout's, each element's sum is spread over `work / period`
 * positions, which rotate-and-sum then folds (Juvekar, Vaikuntanathan and Chandrakasan 2018, section 4.3: the hybrid method).
 */
export function workPeriod(target: StageTarget, placed: ReadonlyMap<number, Placed>, ring: number): number {
  const { affine, layout } = target;
  // Sums that are folded are alike in every copy: copies that are to differ are filled one by one.
  if (layout.skew) return layout.period;
  return affine.parts.reduce((period, part) => {
    const { layout: source } = placed.get(part.base)!;
    return Math.max(period, source.skew ? ring : source.period);
  }, layout.period);
}

/** Positions after which all of `placed` repeats itself: rotations are told apart no further. */
export function inputPeriod(placed: ReadonlyMap<number, Placed>, ring: number): number {
  let period = 1;
  for (const { layout } of placed.values()) period = Math.max(period, layout.skew ? ring : layout.period);
  return period;
}

/** Whether there are diagonals from what `target` reads to it: skewed copies are made of plain ones alone. */
function canBeFilled(target: StageTarget, inputs: StageInputs): boolean {
  return target.affine.parts.every((part) => {
    const { layout: source } = inputs.placed.get(part.base)!;
    if (!source.skew || scalarPart(target, part, inputs) !== undefined) return true;
    return !target.layout.skew && canRead(source, target.layout.period);
  });
}

/** The whole factor of a part that stays where it is, undefined for all others. */
function scalarPart(
  target: StageTarget,
  part: Affine['parts'][number],
  inputs: StageInputs,
): number | undefined {
  const placed = inputs.placed.get(part.base)!;
  return placed.layout === target.layout ? identityFactor(part.matrix) : undefined;
}

/** One entry of a map as a slot of a diagonal: output ciphertext, input ciphertext, shift, position and weight. */
type Visit = (output: number, input: number, shift: number, position: number, weight: number) => void;

/** Hands every entry of `target`'s matrices to `visit`. */
function visitEntries(target: StageTarget, inputs: StageInputs, visit: Visit): void {
  const { affine, layout, used } = target;
  const { period } = layout;
  for (const part of affine.parts) {
    if (scalarPart(target, part, inputs) !== undefined) continue;
    const { layout: source, first } = inputs.placed.get(part.base)!;
    const { matrix } = part;
    const ring = Math.min(period, source.period);
    const copies = layout.skew ? inputs.ring / period : 1;
    for (let row = 0; row < matrix.rowCount; row += 1) {
      const output = layout.ciphertext[row];
      if (output < 0 || used[row] === 0) continue;
      const at = layout.position[row];
      for (let entry = matrix.rowStart[row]; entry < matrix.rowStart[row + 1]; entry += 1) {
        const column = matrix.columns[entry];
        const input = first + source.ciphertext[column];
        if (inputs.representative[input] !== input) continue;
        const from = source.position[column];
        if (source.skew) {
          const copy = nearestCopy(source, inputs.ring, period, at, from);
          const shift = (copy - at) & (period - 1);
          const position = (copy - shift) & (inputs.ring - 1);
          visit(output, input, shift, position, matrix.values[entry]);
          continue;
        }
        if (layout.skew) {
          for (let copy = 0; copy < copies; copy += 1) {
            const position = slotAt(layout, at, copy);
            const shift = (from - position) & (source.period - 1);
            visit(output, input, shift, position, matrix.values[entry]);
          }
          continue;
        }
        // Periods are powers of two.
        const shift = (from - at) & (ring - 1);
        const position = period >= source.period ? at : (from - shift) & (source.period - 1);
        visit(output, input, shift, position, matrix.values[entry]);
      }
    }
  }
}

/** Marks on numbers that stand for diagonals. */
type Seen = SearchTables['diagonals'];

/**
 * Marks the diagonals of `target` in `seen`, each as (output · inputs + input) · ring + shift, until there are more than `most`:
 * what {@link visitEntries} does for the search, which asks for places alone and asks often.
 * @returns how many entries were looked at
 */
function markDiagonals(
  target: StageTarget,
  inputs: StageInputs,
  stride: number,
  most: number,
  seen: Seen,
): number {
  const { affine, layout, used } = target;
  const { ring, count } = inputs;
  let visited = 0;
  for (const part of affine.parts) {
    if (scalarPart(target, part, inputs) !== undefined) continue;
    const { layout: source, first } = inputs.placed.get(part.base)!;
    const { rowCount, columnCount, rowStart, columns } = part.matrix;
    const mask = (layout.skew ? source.period : Math.min(layout.period, source.period)) - 1;
    // Where each column is, as a part of the diagonal's number; below 0 where another ciphertext stands for its own.
    const from = new Int32Array(columnCount);
    for (let column = 0; column < columnCount; column += 1) {
      const input = first + source.ciphertext[column];
      from[column] = inputs.representative[input] === input ? input * ring : -1;
    }
    const copies = layout.skew ? ring / layout.period : 1;
    for (let row = 0; row < rowCount; row += stride) {
      const output = layout.ciphertext[row];
      if (output < 0 || used[row] === 0) continue;
      const base = output * count * ring;
      const end = rowStart[row + 1];
      for (let copy = 0; copy < copies; copy += 1) {
        const at = layout.skew ? slotAt(layout, layout.position[row], copy) : layout.position[row];
        for (let entry = rowStart[row]; entry < end; entry += 1) {
          const column = columns[entry];
          const input = from[column];
          if (input < 0) continue;
          const position = source.position[column];
          const shift = source.skew
            ? (nearestCopy(source, ring, layout.period, at, position) - at) & (layout.period - 1)
            : (position - at) & mask;
          seen.add(base + input + shift);
        }
        visited += end - rowStart[row];
      }
      if (seen.size > most) return visited;
    }
  }
  return visited;
}

/** Whether two targets read the same elements in the same places: the leaves of a series do, with other weights. */
export function readAlike(a: StageTarget, b: StageTarget, inputs?: StageInputs): boolean {
  const isSame = a.affine.parts.every(({ base, matrix }, i) => {
    const other = b.affine.parts[i];
    if (other?.base !== base) return false;
    const isScalar = (target: StageTarget, part: Affine['parts'][number]): boolean =>
      inputs !== undefined && scalarPart(target, part, inputs) !== undefined;
    return (
      matrix.columns === other.matrix.columns &&
      matrix.rowStart === other.matrix.rowStart &&
      isScalar(a, a.affine.parts[i]) === isScalar(b, other)
    );
  });
  return (
    isSame &&
    a.affine.parts.length === b.affine.parts.length &&
    a.layout === b.layout &&
    a.used.every((bit, e) => bit === b.used[e])
  );
}

/** Diagonals of a stage, without their values: parallel arrays. */
export interface DiagonalShape {
  /** Output ciphertexts of all targets, counted through. */
  readonly outputs: number[];
  readonly inputs: number[];
  readonly shifts: number[];
}

// A table of all possible diagonals is kept while they are found; beyond this the layout is no good anyway.
const MOST_POSSIBLE = 3e7;

const MOST_COMPARED = 256;

const MOST_TABLE = 2 ** 22;

/**
 * Which diagonals a stage has; undefined if more than `most`.
 * @param stride looks at every `stride`-th row only, for an estimate from below
 */
export function findDiagonals(
  targets: readonly StageTarget[],
  inputs: StageInputs,
  most: number,
  stride: number,
  { diagonals: seen, work }: SearchTables,
): DiagonalShape | undefined {
  const shape: DiagonalShape = { outputs: [], inputs: [], shifts: [] };
  const { ring, count } = inputs;
  if (!targets.every((target) => canBeFilled(target, inputs))) return undefined;
  const starts: { readonly output: number; readonly diagonal: number }[] = [];
  let before = 0;
  for (const [number, target] of targets.entries()) {
    starts.push({ output: before, diagonal: shape.shifts.length });
    const alike = targets.findIndex((other, at) => at < number && readAlike(other, target, inputs));
    if (alike >= 0) {
      const [first, end] = [starts[alike], starts[alike + 1].diagonal];
      if (shape.shifts.length + end - first.diagonal > most) return undefined;
      for (let i = first.diagonal; i < end; i += 1) {
        shape.outputs.push(shape.outputs[i] - first.output + before);
        shape.inputs.push(shape.inputs[i]);
        shape.shifts.push(shape.shifts[i]);
      }
      before += target.layout.count;
      continue;
    }
    if (target.layout.count * count * ring > MOST_POSSIBLE) return undefined;
    seen.reset(target.layout.count * count * ring);
    const open = most - shape.shifts.length;
    work.add('searched', markDiagonals(target, inputs, stride, open, seen));
    if (seen.size > open) return undefined;
    for (const diagonal of seen.marked) {
      const place = Math.floor(diagonal / ring);
      shape.outputs.push(before + Math.floor(place / count));
      shape.inputs.push(place % count);
      shape.shifts.push(diagonal % ring);
    }
    before += target.layout.count;
  }
  return shape;
}

/**
 * A diagonal of one output ciphertext: one value for all, or one a position of the target's work period, of the whole ring
 * where its layout is skewed.
 */
export interface Tap {
  readonly input: number;
  readonly shift: number;
  readonly values: number | Float64Array;
}

/** Numbers by number, 0 unless set: an array where it is small enough. */
function numberTable(size: number): {
  get: (key: number) => number;
  set: (key: number, number: number) => void;
} {
  if (size <= MOST_TABLE) {
    const table = new Int32Array(size);
    return { get: (key) => table[key], set: (key, number) => void (table[key] = number) };
  }
  const map = new Map<number, number>();
  return { get: (key) => map.get(key) ?? 0, set: (key, number) => void map.set(key, number) };
}

/** The diagonals of each output ciphertext of `target`, with their values. */
export function fillDiagonals(target: StageTarget, inputs: StageInputs): Tap[][] {
  const { layout, affine } = target;
  const work = workPeriod(target, inputs.placed, inputs.ring);
  const length = layout.skew ? inputs.ring : work;
  const found: (Tap & { readonly values: Float64Array })[][] = Array.from({ length: layout.count }, () => []);
  // One more than the number of each diagonal among those of its output ciphertext, 0 while there is none.
  const numbers = numberTable(layout.count * inputs.count * inputs.ring);
  visitEntries(target, inputs, (output, input, shift, position, weight) => {
    const key = (output * inputs.count + input) * inputs.ring + shift;
    let number = numbers.get(key);
    if (number === 0) {
      number = found[output].push({ input, shift, values: new Float64Array(length) });
      numbers.set(key, number);
    }
    found[output][number - 1].values[position] += weight;
  });
  const rows: Tap[][] = found.map((taps) => taps.map((tap) => ({ ...tap, values: uniform(tap.values) })));
  for (const part of affine.parts) {
    const factor = scalarPart(target, part, inputs);
    if (factor === undefined) continue;
    const { first } = inputs.placed.get(part.base)!;
    rows.forEach((taps, output) => {
      const input = first + output;
      if (inputs.representative[input] !== input) return;
      // A fold would add up every copy: then only the first takes part.
      const values = work === layout.period ? factor : new Float64Array(work).fill(factor, 0, layout.period);
      taps.push({ input, shift: 0, values });
    });
  }
  return rows;
}

/** The one number that fills `values`, or `values`. */
export function uniform(values: Float64Array): number | Float64Array {
  const [first] = values;
  return values.every((value) => value === first) ? first : values;
}

/** Two words a column: equal for columns that hold the same weights in the same rows. */
export type ColumnHashes = ReadonlyMap<number, Int32Array>;

/** Hashes of the columns of every base that `targets` read. */
export function columnHashes(targets: readonly Pick<StageTarget, 'affine' | 'used'>[]): ColumnHashes {
  const hashes = new Map<number, Int32Array>();
  const bits = new Int32Array(2);
  const double = new Float64Array(bits.buffer);
  targets.forEach(({ affine, used }, number) => {
    for (const { base, matrix } of affine.parts) {
      const hash = hashes.get(base) ?? new Int32Array(2 * matrix.columnCount);
      hashes.set(base, hash);
      for (let row = 0; row < matrix.rowCount; row += 1) {
        if (used[row] === 0) continue;
        const place = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b);
        for (let entry = matrix.rowStart[row]; entry < matrix.rowStart[row + 1]; entry += 1) {
          const at = 2 * matrix.columns[entry];
          double[0] = matrix.values[entry];
          const mixed = Math.imul(bits[0] ^ Math.imul(bits[1], 0xc2b2ae35), 0x27d4eb2f) ^ place;
          hash[at] = (hash[at] + Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)) | 0;
          hash[at + 1] = (hash[at + 1] + Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39)) | 0;
        }
      }
    }
  });
  return hashes;
}

/**
 * For each input ciphertext the one that stands for it: those that every target reads with the same weights at the same
 * positions (an average pool laid out by phases) are added up before anything is multiplied.
 */
export function mergeInputs(
  columns: () => ColumnHashes,
  placed: ReadonlyMap<number, Placed>,
  count: number,
  ring: number,
): Int32Array {
  const representative = Int32Array.from({ length: count }, (_, i) => i);
  // Many ciphertexts hold few elements each: then comparing all costs more than it saves.
  if (count < 2 || count > MOST_COMPARED) return representative;
  const hashes = columns();
  const byPosition = Array.from({ length: count }, () => new Int32Array(2 * ring));
  const copies = Array<string>(count);
  for (const [base, { layout, first }] of placed) {
    copies.fill(`${layout.period} ${layout.skew?.by} ${layout.skew?.every}`, first, first + layout.count);
    const hash = hashes.get(base);
    if (!hash) continue;
    layout.ciphertext.forEach((ciphertext, e) => {
      if (ciphertext < 0) return;
      const at = 2 * layout.position[e];
      byPosition[first + ciphertext][at] = hash[2 * e];
      byPosition[first + ciphertext][at + 1] = hash[2 * e + 1];
    });
  }
  for (let i = 1; i < count; i += 1) {
    for (let j = 0; j < i; j += 1) {
      if (representative[j] !== j || copies[i] !== copies[j]) continue;
      if (!byPosition[i].every((value, at) => value === byPosition[j][at])) continue;
      representative[i] = j;
      break;
    }
  }
  return representative;
}
