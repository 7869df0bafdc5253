// Values that are needed later pass product stages as they are: what a lost prime changes in their scale is made good in
// weights that are multiplied anyway.
import { withVectors } from '../../plan/stages/linear-rows.ts';
import { assert } from '../../base/assert.ts';
import type { Diagonal, LinearRow } from '../../plan/plan.ts';
import type { StageScale } from '../scales.ts';
import type { DraftStage } from './emit-round.ts';

type Scales = Pick<StageScale, 'inScale' | 'outScale'>;

/** Drafts in which values are carried on without a product where that can be made good. */
export interface Carried {
  readonly drafts: readonly DraftStage[];
  /** How many times what it should be each input of each stage is. */
  readonly gains: readonly (readonly number[])[];
}

type Action = () => void;

/**
 * A value that loses a prime without being multiplied keeps its integers under another scale: it is `inScale / outScale`
 * times what it was. That factor is taken out where the value is made, if it is made of weights for this purpose alone, or
 * else where it is read, if only weights read it. Where neither holds, it is multiplied by 1 and rescaled as before.
 */
class Carrier {
  readonly #drafts: readonly DraftStage[];
  readonly #scales: readonly Scales[];
  /** What reads each output of each stage: numbers of rows or pairs of the next one. */
  readonly #readers: readonly (readonly number[])[][];
  /** Factors of rows, and of the terms that read an input, by stage. */
  readonly #rows: readonly Map<number, number>[];
  readonly #inputs: readonly Map<number, number>[];
  readonly #dropped: readonly Set<number>[];

  constructor(drafts: readonly DraftStage[], scales: readonly Scales[]) {
    this.#drafts = drafts;
    this.#scales = scales;
    this.#rows = drafts.map(() => new Map());
    this.#inputs = drafts.map(() => new Map());
    this.#dropped = drafts.map(() => new Set());
    this.#readers = drafts.map((draft, at) => {
      const readers = Array.from({ length: outputsOf(draft) }, (): number[] => []);
      const next = drafts[at + 1];
      if (next) {
        readsOf(next).forEach((inputs, reader) => {
          for (const input of inputs) readers[input].push(reader);
        });
      }
      return readers;
    });
  }

  run(inputCount: number): Carried {
    for (const [at, draft] of this.#drafts.entries()) {
      if (draft.kind !== 'product') continue;
      const { inScale, outScale } = this.#scales[at];
      draft.pairs.forEach(({ left, right }, pair) => {
        if (right !== undefined) return;
        const factor = outScale / inScale;
        const actions = this.#made(at - 1, left, factor) ?? this.#read(at, pair, factor);
        if (!actions) return;
        for (const act of actions) act();
        this.#dropped[at].add(pair);
      });
    }
    return { drafts: this.#drafts.map((_, at) => this.#finish(at)), gains: this.#gains(inputCount) };
  }

  /** How to make output `output` of stage `at`, which one reader has, `factor` times as large; undefined if weights cannot. */
  #made(at: number, output: number, factor: number): Action[] | undefined {
    const draft = this.#drafts[at];
    if (!draft || this.#readers[at][output].length !== 1) return undefined;
    const scaleRow = (): void => multiplyAt(this.#rows[at], output, factor);
    if (draft.kind === 'linear') {
      if (draft.isScaled) return [scaleRow];
      const inputs = readsOf(draft)[output].map((input) => this.#made(at - 1, input, factor));
      // The bias is no multiple of the inputs.
      return inputs.every((actions) => actions !== undefined) ? [...inputs.flat(), scaleRow] : undefined;
    }
    const { left, right } = draft.pairs[output];
    if (right === undefined) return this.#made(at - 1, left, factor);
    if (left === right) return this.#made(at - 1, left, Math.sqrt(factor));
    return this.#made(at - 1, left, factor) ?? this.#made(at - 1, right, factor);
  }

  /** How to make good a `factor` where output `output` of stage `at` is read; undefined unless weights alone read it. */
  #read(at: number, output: number, factor: number): Action[] | undefined {
    const next = this.#drafts[at + 1];
    if (!next) return undefined;
    if (next.kind === 'linear' && next.isScaled) {
      return [() => multiplyAt(this.#inputs[at + 1], output, factor)];
    }
    // What only passes it on has the same gain.
    const passed = this.#readers[at][output].map((reader): Action[] | undefined => {
      const isAlone =
        next.kind === 'product' ? next.pairs[reader].right === undefined : this.#isAlone(at + 1, reader);
      const actions = isAlone ? this.#read(at + 1, reader, factor) : undefined;
      return actions && [...actions, () => multiplyAt(this.#rows[at + 1], reader, 1 / factor)];
    });
    return passed.every((actions) => actions !== undefined) ? passed.flat() : undefined;
  }

  /** Whether row `row` of stage `at` reads one input. */
  #isAlone(at: number, row: number): boolean {
    return readsOf(this.#drafts[at])[row].length === 1;
  }

  #finish(at: number): DraftStage {
    const draft = this.#drafts[at];
    if (draft.kind === 'product') {
      const isDropped = this.#dropped[at];
      const pairs = draft.pairs.map((pair, index) =>
        isDropped.has(index) ? { ...pair, drop: true as const } : pair,
      );
      return { ...draft, pairs };
    }
    const [rows, inputs] = [this.#rows[at], this.#inputs[at]];
    if (rows.size === 0 && inputs.size === 0) return draft;
    return {
      ...draft,
      rows: draft.rows.map((row, index) => scaledRow(row, rows.get(index) ?? 1, inputs, draft.isScaled)),
    };
  }

  /** The gains of each stage's inputs, found forward; that they come out right is checked on the way. */
  #gains(inputCount: number): number[][] {
    let here = Array<number>(inputCount).fill(1);
    const gains = this.#drafts.map((draft, at) => {
      const before = here;
      const { inScale, outScale } = this.#scales[at];
      if (draft.kind === 'product') {
        here = draft.pairs.map(({ left, right }, pair) => {
          if (right !== undefined) return before[left] * before[right];
          return this.#dropped[at].has(pair) ? (before[left] * inScale) / outScale : before[left];
        });
        return before;
      }
      here = readsOf(draft).map((inputs, row) => {
        const met = inputs.map((input) => before[input] * (this.#inputs[at].get(input) ?? 1));
        const wanted = draft.isScaled ? 1 : met[0];
        assert(
          met.every((gain) => near(gain, wanted)),
          'values that are added up have one gain',
        );
        const isBiased = draft.rows[row].bias !== undefined;
        assert(
          draft.isScaled || !isBiased || near(this.#rows[at].get(row) ?? 1, wanted),
          'a bias has the gain of what it is added to',
        );
        return draft.isScaled ? (this.#rows[at].get(row) ?? 1) : wanted;
      });
      return before;
    });
    assert(
      here.every((gain) => near(gain, 1)),
      'the results are what they should be',
    );
    return gains;
  }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.abs(b);
}

function multiplyAt(factors: Map<number, number>, key: number, factor: number): void {
  factors.set(key, (factors.get(key) ?? 1) * factor);
}

function outputsOf(draft: DraftStage): number {
  return draft.kind === 'linear' ? draft.rows.length : draft.pairs.length;
}

/** Inputs of each row or pair, each once. */
function readsOf(draft: DraftStage): number[][] {
  if (draft.kind === 'product') {
    return draft.pairs.map(({ left, right = left }) => [...new Set([left, right])]);
  }
  return draft.rows.map(({ sums }) => [
    ...new Set(sums.flatMap(({ terms }) => terms.map(({ input }) => input))),
  ]);
}

function scaledDiagonal(diagonal: Diagonal, factor: number): Diagonal {
  if (factor === 1) return diagonal;
  if (diagonal.kind === 'scalar') return { kind: 'scalar', value: diagonal.value * factor };
  return withVectors(diagonal, (values) => values.map((value) => value * factor));
}

/** `row` times `factor`: where its weights are whole numbers, they stay, and its inputs have that factor. */
function scaledRow(
  { sums, bias }: LinearRow,
  factor: number,
  inputs: ReadonlyMap<number, number>,
  isScaled: boolean,
): LinearRow {
  return {
    sums: sums.map(({ giantStep, terms }) => ({
      giantStep,
      terms: terms.map((term) => {
        const own = isScaled ? factor * (inputs.get(term.input) ?? 1) : 1;
        return { ...term, diagonal: scaledDiagonal(term.diagonal, own) };
      }),
    })),
    bias: bias && scaledDiagonal(bias, factor),
  };
}

/** `drafts` with values carried on without a product where weights can make good what that does to their scale. */
export function carryOn(
  drafts: readonly DraftStage[],
  scales: readonly Scales[],
  inputCount: number,
): Carried {
  return new Carrier(drafts, scales).run(inputCount);
}
