// A program as rounds: a linear stage that makes operands and carries on what is needed later, then a product stage.
import type { Shape, ValueId } from '../../model/graph.ts';
import { columnHashes, type ColumnHashes } from './diagonals.ts';
import { type Affine, isFree, type Program, soleBase } from './program.ts';
import { identityMatrix } from './sparse-map.ts';

/** A value that a round's linear stage makes. */
export interface Target {
  readonly affine: Affine;
  /** Values of one group share a layout. */
  readonly group: number;
  /** The base it is, unchanged, if it is one. */
  readonly base: number | undefined;
  /** Which elements anything reads. */
  readonly used: Uint8Array;
}

/** What stands in the ciphertexts after a round: target `left`, times target `right` if there is one, is base `base`. */
export interface RoundOutput {
  readonly base: number;
  readonly left: number;
  readonly right: number | undefined;
}

/** One linear and at most one product stage. */
export interface Phase {
  readonly targets: readonly Target[];
  readonly outputs: readonly RoundOutput[];
  /** Whether the linear stage needs no plaintext scale, hence no prime. */
  readonly isFree: boolean;
  readonly hasProducts: boolean;
  readonly layers: readonly ValueId[];
  /** What tells equal columns, by base: which ciphertexts may be added up first. Computed when it is asked for. */
  readonly columns: () => ColumnHashes;
}

/** What a layout is chosen for. */
export interface LayoutGroup {
  readonly used: Uint8Array;
  /** Shapes of the values that stand one after the other in it: one, but for an output of several. */
  readonly shapes: readonly Shape[];
}

/** A program cut into rounds. */
export interface Schedule {
  readonly phases: readonly Phase[];
  /** Group of each base; the output's group is `outputGroup`. */
  readonly groupOf: readonly number[];
  readonly outputGroup: number;
  /** Elements of each group that anything reads, and the shape its layout is chosen by. */
  readonly groups: ReadonlyMap<number, LayoutGroup>;
}

/** Base number of the program's input. */
export const INPUT = 0;

function operands(program: Program, base: number): Affine[] {
  const { left, right } = program.bases[base];
  if (!left) return [];
  return right && right !== left ? [left, right] : [left];
}

/** Marks the columns of `affine` that rows in `used` read. */
function markColumns(affine: Affine, used: Uint8Array, marks: Uint8Array[]): void {
  for (const { base, matrix } of affine.parts) {
    const mark = marks[base];
    for (let row = 0; row < matrix.rowCount; row += 1) {
      if (used[row] === 0) continue;
      for (let at = matrix.rowStart[row]; at < matrix.rowStart[row + 1]; at += 1)
        mark[matrix.columns[at]] = 1;
    }
  }
}

function usedElements(program: Program): Uint8Array[] {
  const marks = program.bases.map(({ size }) => new Uint8Array(size));
  markColumns(program.output, new Uint8Array(program.output.bias.length).fill(1), marks);
  for (let base = program.bases.length - 1; base > INPUT; base -= 1) {
    for (const affine of operands(program, base)) markColumns(affine, marks[base], marks);
  }
  return marks;
}

/** Whether every row copies one input element with one whole factor: the client's packing can do that for nothing. */
function isGatherOnly({ parts, bias }: Affine): boolean {
  if (parts.length !== 1) return false;
  const { matrix } = parts[0];
  const [factor] = matrix.values;
  if (!Number.isInteger(factor) || Math.abs(factor) > 64) return false;
  if (!matrix.values.every((value) => value === factor)) return false;
  for (let row = 0; row < bias.length; row += 1) {
    if (matrix.rowStart[row + 1] - matrix.rowStart[row] > 1) return false;
  }
  return true;
}

/** Groups of bases (and the output, numbered after them) joined by free affine maps. */
function groupsOf(program: Program): number[] {
  const output = program.bases.length;
  const parent = Array.from({ length: output + 1 }, (_, i) => i);
  const find = (i: number): number => (parent[i] === i ? i : (parent[i] = find(parent[i])));
  const join = (member: number, affine: Affine): void => {
    if (!isFree(affine)) return;
    for (const { base } of affine.parts) if (base !== INPUT) parent[find(base)] = find(member);
  };
  for (let base = 1; base < output; base += 1) {
    for (const affine of operands(program, base)) join(base, affine);
  }
  join(output, program.output);
  return parent.map((_, i) => find(i));
}

function baseAffine(program: Program, base: number): Affine {
  const { shape, size } = program.bases[base];
  return {
    shape,
    parts: [{ base, matrix: identityMatrix(size) }],
    bias: new Float64Array(size),
    layers: [],
  };
}

/** The round in which each base is read last; the output is read in the round after all others. */
function lastReads(program: Program, outputPhase: number): number[] {
  const last = program.bases.map(() => -1);
  const read = (affine: Affine, phase: number): void => {
    for (const { base } of affine.parts) last[base] = Math.max(last[base], phase);
  };
  program.bases.forEach(({ phase }, base) => {
    for (const affine of operands(program, base)) read(affine, phase);
  });
  read(program.output, outputPhase);
  return last;
}

/** `compute`, called when its result is first asked for. */
function once<T>(compute: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: compute() }).value;
}

/**
 * Cuts `program` into rounds.
 * @param isWhole whether to compute every element of every value, whatever reads it
 * @param outputs shapes of the values that the output is made of, one after the other
 */
export function schedulePhases(
  program: Program,
  isWhole = false,
  outputs: readonly Shape[] = [program.output.shape],
): Schedule {
  const { bases, output } = program;
  const used = isWhole ? bases.map(({ size }) => new Uint8Array(size).fill(1)) : usedElements(program);
  const groupOf = groupsOf(program);
  const outputGroup = groupOf[bases.length];
  const outputPhase = 1 + Math.max(-1, ...output.parts.map(({ base }) => bases[base].phase));
  const last = lastReads(program, outputPhase);
  const outputUsed = new Uint8Array(output.bias.length).fill(1);

  const phases: Phase[] = [];
  for (let phase = 0; phase <= outputPhase; phase += 1) {
    const targets: Target[] = [];
    const made: RoundOutput[] = [];
    const target = (affine: Affine, group: number, mask: Uint8Array): number => {
      const sole = soleBase(affine);
      const base = sole !== undefined && (phase === 0 || groupOf[sole] === group) ? sole : undefined;
      const known = targets.findIndex(
        (t) => t.group === group && (t.affine === affine || (base !== undefined && t.base === base)),
      );
      if (known >= 0) return known;
      targets.push({ affine, group, base, used: mask });
      return targets.length - 1;
    };
    bases.forEach(({ phase: at, left, right }, base) => {
      if (at === phase && left) {
        const a = target(left, groupOf[base], used[base]);
        made.push({ base, left: a, right: right && target(right, groupOf[base], used[base]) });
      } else if (at < phase && last[base] > phase) {
        made.push({
          base,
          left: target(baseAffine(program, base), groupOf[base], used[base]),
          right: undefined,
        });
      }
    });
    if (phase === outputPhase) target(output, outputGroup, outputUsed);
    const isFreeTarget = (t: Target): boolean =>
      phase === 0
        ? isGatherOnly(t.affine)
        : isFree(t.affine) && t.affine.parts.every(({ base }) => groupOf[base] === t.group);
    const layers = new Set(targets.flatMap(({ affine }) => affine.layers));
    const products = made.filter(({ right }) => right !== undefined);
    phases.push({
      targets,
      outputs: made,
      isFree: targets.every(isFreeTarget),
      hasProducts: products.length > 0,
      columns: once(() => columnHashes(targets)),
      layers: [...new Set([...layers, ...products.flatMap(({ base }) => bases[base].layers)])],
    });
  }
  return { phases, groupOf, outputGroup, groups: layoutGroups(program, groupOf, used, outputUsed, outputs) };
}

function layoutGroups(
  program: Program,
  groupOf: readonly number[],
  used: readonly Uint8Array[],
  outputUsed: Uint8Array,
  outputs: readonly Shape[],
): Map<number, LayoutGroup> {
  const groups = new Map<number, LayoutGroup>();
  const join = (group: number, mask: Uint8Array, shapes: readonly Shape[]): void => {
    const known = groups.get(group);
    if (!known) groups.set(group, { used: Uint8Array.from(mask), shapes });
    // Shapes with rows and columns say more about what is near what.
    else {
      mask.forEach((bit, i) => (known.used[i] |= bit));
      if (shapes.length > 1 || shapes[0].length > known.shapes[0].length)
        groups.set(group, { used: known.used, shapes });
    }
  };
  program.bases.forEach(({ shape }, base) => join(groupOf[base], used[base], [shape]));
  join(groupOf[program.bases.length], outputUsed, outputs);
  return groups;
}
