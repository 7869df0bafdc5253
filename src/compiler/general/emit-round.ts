// A round in chosen layouts → draft stages with every diagonal filled in, and where its values stand afterwards.
import { assert } from '../../base/assert.ts';
import { log2, powerOfTwo } from '../../base/exact-math.ts';
import type {
  Diagonal,
  LinearRow,
  LinearStage,
  ProductStage,
  RotatedSum,
  SumMethod,
  Term,
} from '../../plan/plan.ts';
import {
  type DiagonalShape,
  fillDiagonals,
  inputPeriod,
  mergeInputs,
  type Placed,
  type StageTarget,
  type Tap,
  workPeriod,
} from './diagonals.ts';
import type { Gathered } from './gather.ts';
import type { Phase } from './phases.ts';
import { babyOf, type Split, type Steps } from './rotation-split.ts';
import type { State } from './round-cost.ts';
import { slotAt } from './skew.ts';

/** A stage before levels and scales are assigned. */
export type DraftStage = { readonly round: number } & DraftOperation;

/** What a draft stage does. */
export type DraftOperation =
  | {
      readonly kind: 'linear';
      readonly layers: LinearStage['layers'];
      readonly part?: LinearStage['part'];
      readonly rows: readonly LinearRow[];
      /** Whether the diagonals carry a scale; otherwise they are small whole numbers. */
      readonly isScaled: boolean;
      readonly rescale: boolean;
      /** What its giant steps are multiples of, where they are to be chained. */
      readonly giantUnit?: number | undefined;
      /** How its sums are made; the cheapest way unless given. */
      readonly method?: SumMethod;
    }
  | {
      readonly kind: 'product';
      readonly layers: ProductStage['layers'];
      readonly pairs: ProductStage['pairs'];
      /** Which of the round's targets each pair's factors are. */
      readonly factors: readonly { readonly left: number; readonly right: number }[];
    };

/** Slots and inputs a ciphertext has. */
export interface Geometry {
  readonly ring: number;
  readonly batch: number;
}

const ONE: Diagonal = { kind: 'scalar', value: 1 };

/** `values` (periodic over the ring) over all slots, rotated right by `giant` positions. */
function spreadOut(values: number | Float64Array, giant: number, { ring, batch }: Geometry): Diagonal {
  if (typeof values === 'number') return { kind: 'scalar', value: values };
  const slots = new Float32Array(ring * batch);
  const mask = values.length - 1;
  for (let p = 0; p < ring; p += 1) {
    const value = values[(p - giant) & mask];
    if (value === 0) continue;
    if (batch === 1) slots[p] = value;
    else slots.fill(value, p * batch, (p + 1) * batch);
  }
  return { kind: 'vector', values: slots };
}

function rowOf(
  taps: readonly Tap[],
  split: Split | undefined,
  inputOf: Int32Array,
  geometry: Geometry,
  period = geometry.ring,
): LinearRow {
  const { ring, batch } = geometry;
  const sums = new Map<number, Term[]>();
  for (const { input, shift, values } of taps) {
    const baby = split ? babyOf(shift, split) : 0;
    const giant = (shift - baby) & (period - 1);
    const diagonal = spreadOut(values, giant, geometry);
    const term = { input: inputOf[input], step: ((baby + ring) % ring) * batch, diagonal };
    const step = giant * batch;
    const known = sums.get(step);
    if (known) known.push(term);
    else sums.set(step, [term]);
  }
  const rows = [...sums]
    .sort(([a], [b]) => a - b)
    .map(([giantStep, terms]): RotatedSum => ({ giantStep, terms }));
  return { sums: rows, bias: undefined };
}

/** The bias of each ciphertext of `target`, periodic over the ring, or over all of it; positions of no element get none. */
function biases({ affine, layout, used }: StageTarget, geometry: Geometry): (Diagonal | undefined)[] {
  return Array.from({ length: layout.count }, (_, ciphertext) => {
    const copies = layout.skew ? geometry.ring / layout.period : 1;
    const values = new Float64Array(copies * layout.period);
    let isZero = true;
    layout.ciphertext.forEach((c, e) => {
      if (c !== ciphertext || used[e] === 0) return;
      for (let copy = 0; copy < copies; copy += 1)
        values[slotAt(layout, layout.position[e], copy)] = affine.bias[e];
      isZero &&= affine.bias[e] === 0;
    });
    if (isZero) return undefined;
    const [first] = values;
    return spreadOut(values.every((v) => v === first) ? first : values, 0, geometry);
  });
}

/** A row that reads one ciphertext as it is. */
function isAlias(row: LinearRow): boolean {
  const [sum] = row.sums;
  return (
    row.sums.length === 1 &&
    sum.giantStep === 0 &&
    sum.terms.length === 1 &&
    sum.terms[0].step === 0 &&
    sum.terms[0].diagonal.kind === 'scalar' &&
    sum.terms[0].diagonal.value === 1
  );
}

/** Stages of a round's linear part, and which value each row of its targets is afterwards. */
interface LinearPart {
  readonly stages: DraftOperation[];
  readonly locations: readonly number[];
  readonly count: number;
}

/** Main stage, folds and bias for rows of taps. */
function linearStages(
  phase: Phase,
  targets: readonly StageTarget[],
  rows: readonly LinearRow[],
  work: readonly number[],
  geometry: Geometry,
  inputCount: number,
  giantUnit?: number,
): LinearPart {
  const bias = targets.flatMap((target) => biases(target, geometry));
  const last = phase.outputs.length === 0;
  const locations = rows.map((row) => (isAlias(row) ? row.sums[0].terms[0].input : -1));
  const isAliased = phase.isFree && bias.every((b) => !b) && locations.every((at) => at >= 0);
  if (
    isAliased &&
    (phase.hasProducts || (last && locations.length === inputCount && locations.every((at, i) => at === i)))
  ) {
    return { stages: [], locations, count: inputCount };
  }
  const foldsOf = targets.flatMap(({ layout }, i) => {
    const folds = log2(work[i] / layout.period);
    return Array.from({ length: layout.count }, () => ({ folds, period: layout.period }));
  });
  const foldCount = Math.max(0, ...foldsOf.map(({ folds }) => folds));
  const { layers, isFree } = phase;
  const finish = (drafts: readonly LinearRow[], isLast: boolean): LinearRow[] =>
    isLast ? drafts.map((row, i) => ({ ...row, bias: bias[i] })) : [...drafts];
  const main = {
    rows: finish(rows, foldCount === 0),
    isScaled: !isFree,
    rescale: !isFree && foldCount === 0,
  };
  const stages: DraftOperation[] = [{ kind: 'linear', layers, ...main, giantUnit }];
  // Folding before the rescale costs a prime more and keeps the rescale's rounding from being added up.
  for (let fold = foldCount - 1; fold >= 0; fold -= 1) {
    const folded = rows.map((_, input): LinearRow => {
      const self: Term = { input, step: 0, diagonal: ONE };
      const { folds, period } = foldsOf[input];
      const other: Term = { input, step: period * powerOfTwo(fold) * geometry.batch, diagonal: ONE };
      return { sums: [{ giantStep: 0, terms: fold < folds ? [self, other] : [self] }], bias: undefined };
    });
    const isLast = fold === 0;
    stages.push({
      kind: 'linear',
      layers,
      part: 'fold',
      rows: finish(folded, isLast),
      isScaled: false,
      rescale: !isFree && isLast,
    });
  }
  return { stages, locations: rows.map((_, i) => i), count: rows.length };
}

/** First row of each target. */
function firstRows(targets: readonly StageTarget[]): number[] {
  let at = 0;
  return targets.map(({ layout }) => {
    at += layout.count;
    return at - layout.count;
  });
}

/** The round's product stage on the rows of its targets, and the state after it. */
function finishRound(
  phase: Phase,
  targets: readonly StageTarget[],
  linear: LinearPart,
): { stages: DraftOperation[]; state: State } {
  const first = firstRows(targets);
  const placed = new Map<number, Placed>();
  if (!phase.hasProducts) {
    for (const { base, left } of phase.outputs) {
      placed.set(base, { layout: targets[left].layout, first: first[left] });
    }
    return { stages: linear.stages, state: { placed, count: linear.count } };
  }
  const pairs: { left: number; right: number | undefined }[] = [];
  const factors: { left: number; right: number }[] = [];
  for (const { base, left, right } of phase.outputs) {
    const { layout } = targets[left];
    placed.set(base, { layout, first: pairs.length });
    for (let i = 0; i < layout.count; i += 1) {
      factors.push({ left, right: right ?? left });
      const a = linear.locations[first[left] + i];
      pairs.push({ left: a, right: right === undefined ? undefined : linear.locations[first[right] + i] });
    }
  }
  const stages: DraftOperation[] = [
    ...linear.stages,
    { kind: 'product', layers: phase.layers, pairs, factors },
  ];
  return { stages, state: { placed, count: pairs.length } };
}

/** The first round on gathered inputs. */
export function emitGather(
  phase: Phase,
  targets: readonly StageTarget[],
  gathered: Gathered,
  geometry: Geometry,
): { stages: DraftOperation[]; state: State } {
  const own = Int32Array.from(gathered.tables, (_, i) => i);
  const rows = gathered.rows.map((taps) => rowOf(taps, undefined, own, geometry));
  const linear = linearStages(phase, targets, rows, gathered.work, geometry, gathered.tables.length);
  return finishRound(phase, targets, linear);
}

/** `rows` on inputs that have been rotated by the outer steps already, and these as rows of their own. */
function outerRotations(
  rows: readonly LinearRow[],
  inner: Steps,
  { ring, batch }: Geometry,
): { readonly made: LinearRow[]; readonly rows: LinearRow[] } {
  const numbers = new Map<string, number>();
  const made: LinearRow[] = [];
  const rotated = (input: number, step: number): number => {
    const name = `${input} ${step}`;
    let number = numbers.get(name);
    if (number === undefined) {
      number =
        made.push({ sums: [{ giantStep: 0, terms: [{ input, step, diagonal: ONE }] }], bias: undefined }) - 1;
      numbers.set(name, number);
    }
    return number;
  };
  const again = rows.map((row): LinearRow => {
    const sums = row.sums.map(({ giantStep, terms }): RotatedSum => {
      const own = terms.map(({ input, step, diagonal }): Term => {
        const at = step / batch;
        // Steps to the right stand at the end of the ring.
        const baby = at > ring / 2 ? at - ring : at;
        const innerStep = babyOf(baby, inner);
        const outer = (baby - innerStep) & (ring - 1);
        return { input: rotated(input, outer * batch), step: (innerStep & (ring - 1)) * batch, diagonal };
      });
      return { giantStep, terms: own };
    });
    return { ...row, sums };
  });
  return { made, rows: again };
}

/** The diagonals that `rows` consist of. */
function shapeOf(rows: readonly (readonly Tap[])[]): DiagonalShape {
  const shape: DiagonalShape = { outputs: [], inputs: [], shifts: [] };
  for (const [output, taps] of rows.entries()) {
    for (const { input, shift } of taps) {
      shape.outputs.push(output);
      shape.inputs.push(input);
      shape.shifts.push(shift);
    }
  }
  return shape;
}

/**
 * A round on the ciphertexts of `state`.
 * @param splitOf which rotations of such diagonals, on inputs of a period, are baby steps and which giant steps
 */
export function emitRound(
  phase: Phase,
  targets: readonly StageTarget[],
  state: State,
  splitOf: (shape: DiagonalShape, period: number) => Split | undefined,
  geometry: Geometry,
): { stages: DraftOperation[]; state: State } {
  const { ring } = geometry;
  const own = Int32Array.from({ length: state.count }, (_, i) => i);
  const representative = phase.isFree ? own : mergeInputs(phase.columns, state.placed, state.count, ring);
  const inputs = { ring, count: state.count, placed: state.placed, representative };
  const taps = targets.flatMap((target) => fillDiagonals(target, inputs));
  const work = targets.map((target) => workPeriod(target, inputs.placed, ring));
  const read = new Set(taps.flatMap((row) => row.map(({ input }) => input)));
  const members = own.reduce((sum, i) => sum + (read.has(representative[i]) ? 1 : 0), 0);
  const stages: DraftOperation[] = [];
  const inputOf = Int32Array.from(own);
  let count = state.count;
  if (members > read.size) {
    const sums = [...read].sort((a, b) => a - b);
    sums.forEach((input, i) => (inputOf[input] = i));
    const rows = sums.map((input): LinearRow => {
      const same = [...own].filter((i) => representative[i] === input);
      const terms = same.map((i): Term => ({ input: i, step: 0, diagonal: ONE }));
      return { sums: [{ giantStep: 0, terms }], bias: undefined };
    });
    stages.push({
      kind: 'linear',
      layers: phase.layers,
      part: 'add up for',
      rows,
      isScaled: false,
      rescale: false,
    });
    count = sums.length;
  }
  assert(count > 0, 'a round has inputs');
  const period = inputPeriod(state.placed, ring);
  const split = splitOf(shapeOf(taps), period);
  let rows = taps.map((row) => rowOf(row, split, inputOf, geometry, period));
  if (split?.inner) {
    const outer = outerRotations(rows, split.inner, geometry);
    stages.push({
      kind: 'linear',
      layers: phase.layers,
      part: 'rotate for',
      rows: outer.made,
      isScaled: false,
      rescale: false,
      // Decomposed once for all of them.
      method: 'products',
    });
    rows = outer.rows;
    count = outer.made.length;
  }
  const giantUnit = split?.isChained ? split.unit * geometry.batch : undefined;
  const linear = linearStages(phase, targets, rows, work, geometry, count, giantUnit);
  const result = finishRound(phase, targets, linear);
  return { stages: [...stages, ...result.stages], state: result.state };
}
