// Printed plans: what a reader needs is there, and the text is frozen.
import { describe, expect, it } from 'vitest';
import { SMALL } from '../../fixtures/small-engine.ts';
import { type Plan } from './plan.ts';
import { printPlan } from './print.ts';
import { squares } from './stages/product.ts';

const scale = 2 ** 24;
const field = { kind: 'vector', values: new Float32Array(SMALL.slots).fill(0.5) } as const;
const plan: Plan = {
  name: 'example',
  parameters: SMALL,
  inputCount: 2,
  inputScale: scale,
  stages: [
    {
      kind: 'linear',
      layers: ['conv', 'field'],
      level: 2,
      inScale: scale,
      plainScale: Number(SMALL.primes[2]),
      rescale: true,
      outScale: scale,
      method: 'hoisted',
      rows: [
        {
          sums: [
            {
              giantStep: 16,
              terms: [
                { input: 0, step: 1, diagonal: field },
                { input: 1, step: 1, diagonal: { kind: 'scalar', value: 0.5 } },
              ],
            },
          ],
          bias: undefined,
        },
        { sums: [{ giantStep: 0, terms: [{ input: 0, step: 1, diagonal: field }] }], bias: field },
      ],
    },
    {
      kind: 'product',
      layers: ['square'],
      level: 1,
      inScale: scale,
      outScale: scale ** 2 / Number(SMALL.primes[1]),
      pairs: squares(2),
    },
  ],
};

describe('printPlan', () => {
  it('says parameters, stages, rotations and counts by level', () => {
    expect(printPlan(plan)).toBe(
      [
        'plan example: N = 4096, primes 26 26 26 28, 2 inputs at 2^24.000',
        ' 0 linear level 2→1  scale 2^24.000→2^24.000  2 rows, 1 scalars, 2 vectors at 2^25.999, rotations by 1 16, method hoisted, weights a5e1650d  (conv, field)',
        ' 1 square level 1→0  scale 2^24.000→2^22.001  2 ciphertexts  (square)',
        '   rotate         3 at 2',
        '   multiplyPlain  2 at 2',
        '   multiplyScalar 1 at 2',
        '   rescale        2 at 2, 2 at 1',
        '   square         2 at 1',
        '   relinearize    2 at 1',
        '',
      ].join('\n'),
    );
  });

  it('shows a change of one weight', () => {
    const [linear, ...rest] = plan.stages;
    if (linear.kind !== 'linear') throw new Error('The first stage is linear.');
    const [row, last] = linear.rows;
    const bias = { kind: 'scalar', value: 1e-7 } as const;
    expect(printPlan({ ...plan, stages: [{ ...linear, rows: [{ ...row, bias }, last] }, ...rest] })).not.toBe(
      printPlan(plan),
    );
  });

  it('shows a plan without rotations or squares as such', () => {
    const [linear] = plan.stages;
    if (linear.kind !== 'linear') throw new Error('The first stage is linear.');
    const rows = [
      { sums: [{ giantStep: 0, terms: [{ input: 0, step: 0, diagonal: field }] }], bias: undefined },
    ];
    const text = printPlan({ ...plan, stages: [{ ...linear, rows }] });
    expect(text).toMatch(/rotate +none/);
    expect(text).toMatch(/relinearize +none/);
    expect(text).not.toMatch(/rotations by/);
  });
});
