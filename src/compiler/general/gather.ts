// The first linear stage on inputs that the client packs as the network reads them (im2col): no rotation but the fold.
import type { Tap } from './diagonals.ts';
import type { PlanningWork } from './planning-work.ts';
import { slotAt } from './skew.ts';
import { readAlike, type StageTarget, uniform } from './diagonals.ts';

/** How the rows of a target are dealt out: what the counts and the tables have in common. */
interface Dealing {
  /** Copies of each position. */
  readonly copies: number;
  readonly period: number;
  readonly work: number;
  /** Whether its copies are skewed: as they differ, they are neither dealt to nor folded. */
  readonly isSkewed: boolean;
  /** Elements that each ciphertext holds, those that nothing reads left out. */
  readonly members: readonly (readonly number[])[];
  /** Entries of the widest row that each ciphertext holds. */
  readonly widest: readonly number[];
}

/** What dealing out `targets` starts from, whatever the number of copies. */
export class GatherSource {
  readonly targets: readonly StageTarget[];
  readonly ring: number;
  readonly work: PlanningWork;
  readonly #members: readonly (readonly (readonly number[])[])[];
  readonly #widest: readonly (readonly number[])[];

  constructor(targets: readonly StageTarget[], ring: number, work: PlanningWork) {
    this.targets = targets;
    this.ring = ring;
    this.work = work;
    this.#members = targets.map(({ layout, used }) => {
      work.add('gathered', used.length);
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
    const { period, skew } = this.targets[target].layout;
    const isSkewed = skew !== undefined;
    const copies = isSkewed ? 1 : Math.min(spread, this.ring / period);
    const [members, widest] = [this.#members[target], this.#widest[target]];
    return { copies, period, work: period * copies, isSkewed, members, widest };
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
  source.work.built += 1;
  const set = new TableSet();
  const rows: Tap[][] = [];
  const workPeriods: number[] = [];
  for (const [target, { affine, layout }] of targets.entries()) {
    const { matrix } = affine.parts[0];
    const { copies, period, work, isSkewed, members, widest } = source.deal(target, spread);
    workPeriods.push(work);
    const filled = isSkewed ? ring : work;
    for (const [ciphertext, elements] of members.entries()) {
      const depth = Math.ceil(widest[ciphertext] / copies);
      const taps: Tap[] = [];
      for (let t = 0; t < depth; t += 1) {
        const values = new Float64Array(filled);
        const sources = new Int32Array(filled).fill(-1);
        for (const e of isSkewed ? elements : []) {
          const entry = matrix.rowStart[e] + t;
          if (entry >= matrix.rowStart[e + 1]) continue;
          for (let block = 0; block < ring / period; block += 1) {
            const at = slotAt(layout, layout.position[e], block);
            sources[at] = matrix.columns[entry];
            values[at] = matrix.values[entry];
          }
        }
        for (const e of isSkewed ? [] : elements) {
          for (let copy = 0; copy < copies; copy += 1) {
            const entry = matrix.rowStart[e] + copy * depth + t;
            if (entry >= matrix.rowStart[e + 1]) break;
            const at = layout.position[e] + copy * period;
            sources[at] = matrix.columns[entry];
            values[at] = matrix.values[entry];
          }
        }
        const table = new Int32Array(ring);
        for (let p = 0; p < ring; p += filled) table.set(sources, p);
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

/** What {@link gatherInputs} would make, counted without making it: tables are told apart by two hashes. */
export function countGather(source: GatherSource, spread: number): GatherCount {
  const { targets } = source;
  const work: number[] = [];
  let [vectors, scalars] = [0, 0];
  for (const target of targets.keys()) {
    const dealing = source.deal(target, spread);
    work.push(dealing.work);
    for (const [ciphertext, elements] of dealing.members.entries()) {
      const depth = Math.ceil(dealing.widest[ciphertext] / dealing.copies);
      const uniform = countUniform(targets[target], elements, depth, source.work);
      scalars += uniform;
      vectors += depth - uniform;
    }
  }
  return { tables: countTables(source, spread, () => true), vectors, scalars, work };
}

// One position in so many is looked at for a bound, where there are enough of them.
const SAMPLED_POSITIONS = 16;

/**
 * A bound of the number of tables from below that looks at few entries: tables that differ at some of the positions are
 * different. It is nearly always the number itself.
 */
export function boundTables(source: GatherSource, spread: number): number {
  const period = Math.min(...source.targets.map(({ layout }) => layout.period));
  if (period < SAMPLED_POSITIONS ** 2 || differs(source)) return countTables(source, spread, () => true);
  // The same positions in every ciphertext, around the ring, and not in step with rows and columns.
  const isSampled = (position: number): boolean => {
    const mixed = Math.imul((position & (period - 1)) + 1, 0x9e3779b1);
    return (mixed ^ (mixed >>> 16)) % SAMPLED_POSITIONS === 0;
  };
  return countTables(source, spread, isSampled);
}

/**
 * Whether some targets' copies are skewed otherwise than others': where all are alike, tables that are equal in the first
 * period are equal in all of them.
 */
function differs({ targets: [first, ...others] }: GatherSource): boolean {
  const { skew, period } = first.layout;
  return others.some(({ layout: other }) => {
    if (!skew && !other.skew) return false;
    return other.period !== period || other.skew?.by !== skew?.by || other.skew?.every !== skew?.every;
  });
}

/** How many different tables there are, as far as elements at positions that `isSeen` show it. */
function countTables(source: GatherSource, spread: number, isSeen: (position: number) => boolean): number {
  const { targets } = source;
  const dealings = targets.map((_, target) => source.deal(target, spread));
  // Tables of different periods may be equal around the ring: all are hashed over the longest.
  const areMixed = differs(source);
  const longest = Math.max(
    1,
    ...dealings.map(({ work, isSkewed }) => (areMixed && isSkewed ? source.ring : work)),
  );
  const tables = new Set<number>();
  for (const [number, dealing] of dealings.entries()) {
    const target = targets[number];
    // Series read one value with many coefficients: the same tables.
    if (targets.slice(0, number).some((before) => readAlike(before, target))) continue;
    for (const [ciphertext, elements] of dealing.members.entries()) {
      const depth = Math.ceil(dealing.widest[ciphertext] / dealing.copies);
      const seen = elements.filter((e) => isSeen(target.layout.position[e]));
      const isSkewed = areMixed && dealing.isSkewed;
      const hashes = hashTables(target, seen, depth, { ...dealing, isSkewed }, longest, source.work);
      for (let t = 0; t < depth; t += 1) {
        // 53 bits are exact in a double.
        tables.add((hashes[2 * t] >>> 0) * 2 ** 21 + (hashes[2 * t + 1] >>> 11));
      }
    }
  }
  return Math.max(1, tables.size);
}

/** How many of a ciphertext's `depth` tables meet one and the same weight everywhere. */
function countUniform(
  { affine }: StageTarget,
  elements: readonly number[],
  depth: number,
  work: PlanningWork,
): number {
  const { rowStart, values } = affine.parts[0].matrix;
  const first = new Float64Array(depth);
  // 0: no weight yet, 1: one, 2: several.
  const seen = new Uint8Array(depth);
  let uniform = depth;
  let looked = 0;
  for (let i = 0; i < elements.length && uniform > 0; i += 1) {
    const end = rowStart[elements[i] + 1];
    looked += end - rowStart[elements[i]];
    for (let entry = rowStart[elements[i]], t = 0; entry < end; entry += 1) {
      if (seen[t] === 0) {
        seen[t] = 1;
        first[t] = values[entry];
      } else if (seen[t] === 1 && first[t] !== values[entry]) {
        seen[t] = 2;
        uniform -= 1;
      }
      t = t + 1 === depth ? 0 : t + 1;
    }
  }
  work.add('gathered', looked);
  return uniform;
}

/** Two words for each of a ciphertext's `depth` tables: sums over its positions, so that their order does not matter. */
function hashTables(
  { affine, layout }: StageTarget,
  elements: readonly number[],
  depth: number,
  { period, work, isSkewed }: Dealing,
  longest: number,
  counted: PlanningWork,
): Int32Array {
  const { rowStart, columns } = affine.parts[0].matrix;
  const hashes = new Int32Array(2 * depth);
  let looked = 0;
  for (const e of elements) {
    const end = rowStart[e + 1];
    looked += end - rowStart[e];
    for (let entry = rowStart[e], t = 0, at = layout.position[e]; entry < end; entry += 1) {
      const column = Math.imul(columns[entry] + 1, 0x85ebca6b);
      for (let block = 0; block * work < longest; block += 1) {
        const p = isSkewed ? slotAt(layout, at, block) : at + block * work;
        const mixed = Math.imul(column ^ Math.imul(p + 1, 0x9e3779b1), 0x27d4eb2f);
        hashes[2 * t] += Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
        hashes[2 * t + 1] += Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39);
      }
      t += 1;
      if (t === depth) [t, at] = [0, at + period];
    }
  }
  counted.add('gathered', looked * (longest / work));
  return hashes;
}

/** A number where every packed position has it: the others hold 0 anyway. */
function wherePacked(values: Float64Array, sources: Int32Array): number | Float64Array {
  const first = values.find((_, p) => sources[p] >= 0);
  if (first !== undefined && values.every((value, p) => sources[p] < 0 || value === first)) return first;
  return uniform(values);
}
