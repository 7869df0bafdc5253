// The first linear stage on inputs that the client packs as the network reads them (im2col): no rotation but the fold.
import type { Tap } from './diagonals.ts';
import { uniform } from './diagonals.ts';
import type { StageTarget } from './diagonals.ts';

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
 * `targets` computed from gathered inputs, each row's entries dealt out to `spread` copies of its position (a power of
 * two), which a fold adds up later: fewer ciphertexts to encrypt for more rotations.
 * @param mostTables gives up (undefined) beyond so many ciphertexts
 */
export function gatherInputs(
  targets: readonly StageTarget[],
  ring: number,
  spread: number,
  mostTables: number,
): Gathered | undefined {
  const set = new TableSet();
  const rows: Tap[][] = [];
  const workPeriods: number[] = [];
  for (const { affine, layout, used } of targets) {
    const { matrix } = affine.parts[0];
    const { period } = layout;
    const copies = Math.min(spread, ring / period);
    const work = period * copies;
    workPeriods.push(work);
    const elements = Array.from({ length: layout.count }, (): number[] => []);
    layout.ciphertext.forEach((c, e) => void (c >= 0 && used[e] !== 0 && elements[c].push(e)));
    for (const members of elements) {
      const widest = members.reduce((w, e) => Math.max(w, matrix.rowStart[e + 1] - matrix.rowStart[e]), 0);
      const depth = Math.ceil(widest / copies);
      if (depth > mostTables) return undefined;
      const taps: Tap[] = [];
      for (let t = 0; t < depth; t += 1) {
        const values = new Float64Array(work);
        const sources = new Int32Array(work).fill(-1);
        for (const e of members) {
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
        if (set.tables.length > mostTables) return undefined;
      }
      rows.push(taps);
    }
  }
  // A network that reads nothing still runs on a ciphertext: what it does not depend on must not show.
  if (set.tables.length === 0) set.number(new Int32Array(ring).fill(-1));
  return { tables: set.tables, rows, work: workPeriods };
}

/** A number where every packed position has it: the others hold 0 anyway. */
function wherePacked(values: Float64Array, sources: Int32Array): number | Float64Array {
  const first = values.find((_, p) => sources[p] >= 0);
  if (first !== undefined && values.every((value, p) => sources[p] < 0 || value === first)) return first;
  return uniform(values);
}
