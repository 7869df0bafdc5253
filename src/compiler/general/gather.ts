// The first linear stage on inputs that the client packs as the network reads them (im2col): no rotation but the fold.
import type { Tap } from './diagonals.ts';
import { uniform } from './diagonals.ts';
import type { StageTarget } from './diagonals.ts';

/** How the rows of a target are dealt out: what the counts and the tables have in common. */
interface Dealing {
  /** Copies of each position. */
  readonly copies: number;
  readonly period: number;
  readonly work: number;
  /** Elements that each ciphertext holds, those that nothing reads left out. */
  readonly members: readonly (readonly number[])[];
  /** Entries of the widest row that each ciphertext holds. */
  readonly widest: readonly number[];
}

/** What dealing out `targets` starts from, whatever the number of copies. */
export class GatherSource {
  readonly targets: readonly StageTarget[];
  readonly ring: number;
  readonly #members: readonly (readonly (readonly number[])[])[];
  readonly #widest: readonly (readonly number[])[];

  constructor(targets: readonly StageTarget[], ring: number) {
    this.targets = targets;
    this.ring = ring;
    this.#members = targets.map(({ layout, used }) => {
      const members = Array.from({ length: layout.count }, (): number[] => []);
      layout.ciphertext.forEach((c, e) => void (c >= 0 && used[e] !== 0 && members[c].push(e)));
      return members;
    });
    this.#widest = targets.map(({ affine }, target) => {
      const { rowStart } = affine.parts[0].matrix;
      return this.#members[target].map((elements) =>
        elements.reduce((most, e) => Math.max(most, rowStart[e + 1] - rowStart[e]), 0),
      );
    });
  }

  /** How target number `target` is dealt out to at most `spread` copies of each position. */
  deal(target: number, spread: number): Dealing {
    const { period } = this.targets[target].layout;
    const copies = Math.min(spread, this.ring / period);
    const [members, widest] = [this.#members[target], this.#widest[target]];
    return { copies, period, work: period * copies, members, widest };
  }
}

/** Packing tables and the diagonals on them. */
export interface Gathered {
  /** `tables[t][p]`: the input element at position p of ciphertext t, or −1. */
  readonly tables: readonly Int32Array[];
  /** Diagonals of each output ciphertext, targets one after the other; every shift is 0. */
  readonly rows: readonly Tap[][];
  /** Each target's work period. */
  readonly work: readonly number[];
}

/** Tables that are told apart by what they hold. */
class TableSet {
  readonly tables: Int32Array[] = [];
  readonly #byHash = new Map<number, number[]>();

  /** Number of the table equal to `table`, which is added if there is none. */
  number(table: Int32Array): number {
    let hash = 0;
    for (const source of table) hash = (Math.imul(hash, 31) + source) | 0;
    const candidates = this.#byHash.get(hash) ?? [];
    const known = candidates.find((n) => this.tables[n].every((source, p) => source === table[p]));
    if (known !== undefined) return known;
    this.#byHash.set(hash, [...candidates, this.tables.length]);
    this.tables.push(table);
    return this.tables.length - 1;
  }
}

/**
 * The targets of `source` computed from gathered inputs, each row's entries dealt out to `spread` copies of its position (a
 * power of two), which a fold adds up later: fewer ciphertexts to encrypt for more rotations.
 */
export function gatherInputs(source: GatherSource, spread: number): Gathered {
  const { ring, targets } = source;
  const set = new TableSet();
  const rows: Tap[][] = [];
  const workPeriods: number[] = [];
  for (const [target, { affine, layout }] of targets.entries()) {
    const { matrix } = affine.parts[0];
    const { copies, period, work, members, widest } = source.deal(target, spread);
    workPeriods.push(work);
    for (const [ciphertext, elements] of members.entries()) {
      const depth = Math.ceil(widest[ciphertext] / copies);
      const taps: Tap[] = [];
      for (let t = 0; t < depth; t += 1) {
        const values = new Float64Array(work);
        const sources = new Int32Array(work).fill(-1);
        for (const e of elements) {
          for (let copy = 0; copy < copies; copy += 1) {
            const entry = matrix.rowStart[e] + copy * depth + t;
            if (entry >= matrix.rowStart[e + 1]) break;
            const at = layout.position[e] + copy * period;
            sources[at] = matrix.columns[entry];
            values[at] = matrix.values[entry];
          }
        }
        const table = new Int32Array(ring);
        for (let p = 0; p < ring; p += work) table.set(sources, p);
        taps.push({ input: set.number(table), shift: 0, values: wherePacked(values, sources) });
      }
      rows.push(taps);
    }
  }
  // A network that reads nothing still runs on a ciphertext: what it does not depend on must not show.
  if (set.tables.length === 0) set.number(new Int32Array(ring).fill(-1));
  return { tables: set.tables, rows, work: workPeriods };
}

/** How many ciphertexts and products gathered inputs take. */
export interface GatherCount {
  readonly tables: number;
  readonly vectors: number;
  readonly scalars: number;
  /** Each target's work period. */
  readonly work: readonly number[];
}

/** Bounds of a {@link GatherCount} from below, without looking at a single entry. */
export interface GatherBounds {
  readonly tables: number;
  readonly products: number;
  readonly work: readonly number[];
}

/** The least that dealing out `source` to `spread` copies can take: the products exactly, the tables at least. */
export function boundGather(source: GatherSource, spread: number): GatherBounds {
  let [tables, products] = [1, 0];
  const workPeriods: number[] = [];
  for (const target of source.targets.keys()) {
    const { copies, work, widest } = source.deal(target, spread);
    workPeriods.push(work);
    for (const entries of widest) {
      const depth = Math.ceil(entries / copies);
      tables = Math.max(tables, depth);
      products += depth;
    }
  }
  return { tables, products, work: workPeriods };
}

/** What {@link gatherInputs} would make, counted in one pass over the entries: tables are told apart by two hashes. */
export function countGather(source: GatherSource, spread: number): GatherCount {
  const { targets } = source;
  const dealings = targets.map((_, target) => source.deal(target, spread));
  const workPeriods = dealings.map(({ work }) => work);
  // Tables of different periods may be equal around the ring: all are hashed over the longest.
  const longest = Math.max(1, ...workPeriods);
  const tables = new Set<number>();
  let [vectors, scalars] = [0, 0];
  for (const [target, { affine, layout }] of targets.entries()) {
    const { matrix } = affine.parts[0];
    const { copies, period, work, members, widest } = dealings[target];
    // Expanded series read one value with many coefficients: the same tables.
    const isKnown = targets
      .slice(0, target)
      .some((before) => before.layout === layout && readsAlike(before, targets[target]));
    for (const [ciphertext, elements] of members.entries()) {
      const depth = Math.ceil(widest[ciphertext] / copies);
      if (depth === 0) continue;
      const hashes = new Int32Array(2 * depth);
      const first = new Float64Array(depth).fill(NaN);
      const isVector = new Uint8Array(depth);
      for (const e of elements) {
        const start = matrix.rowStart[e];
        const entries = matrix.rowStart[e + 1] - start;
        for (let k = 0, t = 0, at = layout.position[e]; k < entries; k += 1) {
          const value = matrix.values[start + k];
          if (Number.isNaN(first[t])) first[t] = value;
          else if (first[t] !== value) isVector[t] = 1;
          if (!isKnown) {
            const column = Math.imul(matrix.columns[start + k] + 1, 0x85ebca6b);
            for (let p = at; p < longest; p += work) {
              const mixed = Math.imul(column ^ Math.imul(p + 1, 0x9e3779b1), 0x27d4eb2f);
              hashes[2 * t] += Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
              hashes[2 * t + 1] += Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39);
            }
          }
          t += 1;
          if (t === depth) [t, at] = [0, at + period];
        }
      }
      for (let t = 0; t < depth; t += 1) {
        if (isVector[t] === 0) scalars += 1;
        else vectors += 1;
        // 53 bits are exact in a double.
        if (!isKnown) tables.add((hashes[2 * t] >>> 0) * 2 ** 21 + (hashes[2 * t + 1] >>> 11));
      }
    }
  }
  return { tables: Math.max(1, tables.size), vectors, scalars, work: workPeriods };
}

/** Whether two targets read the same elements in the same places. */
function readsAlike(a: StageTarget, b: StageTarget): boolean {
  const [first, second] = [a.affine.parts[0].matrix, b.affine.parts[0].matrix];
  const isSame = first.columns === second.columns && first.rowStart === second.rowStart;
  return isSame && a.used.every((bit, e) => bit === b.used[e]);
}

/** A number where every packed position has it: the others hold 0 anyway. */
function wherePacked(values: Float64Array, sources: Int32Array): number | Float64Array {
  const first = values.find((_, p) => sources[p] >= 0);
  if (first !== undefined && values.every((value, p) => sources[p] < 0 || value === first)) return first;
  return uniform(values);
}
