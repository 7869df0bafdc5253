// Rounds written out: their stages, run on plain numbers, put every element where its layout says, with the right value.
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { surroundings } from '../../../fixtures/search-surroundings.ts';
import { allUsed, inLayout, randomMatrix } from '../../../fixtures/sparse-maps.ts';
import { vectorsOf } from '../../plan/stages/linear-rows.ts';
import type { Diagonal } from '../../plan/plan.ts';
import { type DraftOperation, emitGather, emitRound } from './emit-round.ts';
import { gatherInputs, GatherSource } from './gather.ts';
import { INPUT, schedulePhases } from './phases.ts';
import { PlanningWork } from './planning-work.ts';
import { evaluateProgram, type Program, ProgramBuilder } from './program.ts';
import { estimateRound, stageTargets, type State } from './round-cost.ts';
import { layoutFamily, type TensorLayout } from './tensor-layout.ts';

const { ring: RING } = surroundings();
const SHAPE = [2, 6, 6];
const SIZE = 72;
const OUT = [3, 4, 4];

/** Two maps with biases, multiplied; the first of them is carried on, and both are added up. */
function network(seed: number): Program {
  const random = seededNumbers(seed);
  const builder = new ProgramBuilder();
  const input = builder.input(SHAPE, SIZE);
  const map = () => ({
    matrix: randomMatrix(48, SIZE, 0.3, random),
    bias: Float64Array.from({ length: 48 }, () => random() - 0.5),
  });
  const [a, b] = ['a', 'b'].map((name) => builder.apply(map(), input, OUT, name));
  return builder.finish(builder.add(builder.product(a, b, 'product'), builder.copy(a, ['a'])));
}

const at = (diagonal: Diagonal, slot: number): number =>
  diagonal.kind === 'scalar' ? diagonal.value : vectorsOf(diagonal)[0][slot];

/** What `stages` make of `inputs`, slot by slot. */
function simulate(stages: readonly DraftOperation[], inputs: readonly Float64Array[]): Float64Array[] {
  return stages.reduce<readonly Float64Array[]>((values, stage) => {
    if (stage.kind === 'product') {
      return stage.pairs.map(({ left, right }) =>
        right === undefined ? values[left] : values[left].map((x, i) => x * values[right][i]),
      );
    }
    return stage.rows.map(({ sums, bias }) =>
      Float64Array.from({ length: RING }, (_, slot) =>
        sums.reduce(
          (total, { giantStep, terms }) => {
            const from = (slot + giantStep) % RING;
            return terms.reduce(
              (sum, { input, step, diagonal }) =>
                sum + at(diagonal, from) * values[input][(from + step) % RING],
              total,
            );
          },
          bias ? at(bias, slot) : 0,
        ),
      ),
    );
  }, inputs) as Float64Array[];
}

/** The elements of a value in `layout` that starts at ciphertext `first` of `values`. */
function elements(
  values: readonly Float64Array[],
  { layout, first }: { layout: TensorLayout; first: number },
): number[] {
  return Array.from(layout.ciphertext, (c, e) => values[first + c][layout.position[e]]);
}

function expectNear(actual: readonly number[], expected: Float64Array): void {
  expected.forEach((value, e) => expect(actual[e]).toBeCloseTo(value, 5));
}

const geometry = { ring: RING, batch: 1 };
const family = (shape: readonly number[]): TensorLayout[] =>
  layoutFamily(shape, allUsed(shape.reduce((a, b) => a * b, 1)), RING, [6]);

describe('rounds', () => {
  const input = Float64Array.from({ length: SIZE }, seededNumbers(9));

  it.each(family(OUT).map((layout) => [layout.name, layout] as const))(
    'put out %s: gathered, dealt out and folded, or packed in order and rotated',
    (_, layout) => {
      const program = network(3);
      const { bases, output } = evaluateProgram(program, input);
      const [first, last] = schedulePhases(program).phases;
      const targets = stageTargets(first, () => layout);

      const ways: { stages: readonly DraftOperation[]; state: State; inputs: Float64Array[] }[] = [];
      for (const spread of [1, 4]) {
        const gathered = gatherInputs(new GatherSource(targets, RING, new PlanningWork()), spread);
        const inputs = gathered.tables.map((table) =>
          Float64Array.from(table, (e) => (e < 0 ? 0 : input[e])),
        );
        ways.push({ ...emitGather(first, targets, gathered, geometry), inputs });
      }
      for (const packed of family(SHAPE).slice(0, 3)) {
        const state = {
          placed: new Map([[INPUT, { layout: packed, first: 0 }]]),
          count: packed.count,
        };
        const { split } = estimateRound(first, targets, state, surroundings(), 2, 1, Infinity)!;
        const inputs = inLayout(packed, input, RING);
        ways.push({ ...emitRound(first, targets, state, () => split, geometry), inputs });
        // Baby steps in two, and chained giant steps: the same values from other rotations.
        const other = { ...split!, unit: 8, offset: -4, isChained: true, inner: { unit: 3, offset: -1 } };
        ways.push({ ...emitRound(first, targets, state, () => other, geometry), inputs });
      }

      for (const { stages, state, inputs } of ways) {
        const values = simulate(stages, inputs);
        expect(values).toHaveLength(state.count);
        for (const [base, place] of state.placed) expectNear(elements(values, place), bases[base]);
        // What follows only adds up: whole multiples, no level.
        const result = emitRound(
          last,
          stageTargets(last, () => layout),
          state,
          () => undefined,
          geometry,
        );
        const summed = simulate(result.stages, values);
        expectNear(elements(summed, { layout, first: 0 }), output);
        expect(result.stages.every((stage) => stage.kind === 'linear' && !stage.isScaled)).toBe(true);
      }
    },
  );

  it('take no linear stage for values that stand there already', () => {
    const builder = new ProgramBuilder();
    const x = builder.input(SHAPE, SIZE);
    const squared = builder.product(x, x, 'square');
    const program = builder.finish(builder.product(squared, squared, 'again'));
    const [first, second, last] = schedulePhases(program).phases;
    const [layout] = family(SHAPE);
    const start = { placed: new Map([[INPUT, { layout, first: 0 }]]), count: layout.count };
    const one = emitRound(first, stageTargets(first, () => layout), start, () => undefined, geometry); // prettier-ignore
    const two = emitRound(second, stageTargets(second, () => layout), one.state, () => undefined, geometry); // prettier-ignore
    const end = emitRound(last, stageTargets(last, () => layout), two.state, () => undefined, geometry); // prettier-ignore
    expect([one, two, end].map(({ stages }) => stages.map(({ kind }) => kind))).toEqual([
      ['product'],
      ['product'],
      [],
    ]);
    expectNear(
      elements(simulate([...one.stages, ...two.stages], inLayout(layout, input, RING)), { layout, first: 0 }),
      input.map((value) => value ** 4),
    );
  });
});
