// Lowering: the rows, run on plaintext slots, compute the map, whatever the packing and whatever the unused slots hold.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMap, randomMap } from '../../../fixtures/channel-maps.ts';
import { runStages } from '../../../fixtures/run-plan.ts';
import { TINY } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { type BlockShape, blockShape, tileRange } from '../../plan/layout.ts';
import type { LinearRow, LinearStage } from '../../plan/plan.ts';
import { ClearBackend } from '../../server/backends/clear/clear-backend.ts';
import type { ChannelMap } from './channel-map.ts';
import { babyStepCount, type InputPacking, lowerChannelMap } from './lower.ts';

const SLOTS = 64;
const SCALE = 2 ** 40;
/** Baby and giant steps at one price. */
const EVEN = { baby: 1, giant: 1 };

/** Ciphertexts of `values[channel][position]`; slots that do not matter hold garbage. */
function pack(
  values: readonly Float64Array[],
  blocks: BlockShape,
  packing: InputPacking,
): { slots: Float64Array }[] {
  const R = blocks.blocksPerCiphertext;
  const perTile = packing === 'replicated' ? values.length : Math.ceil(values.length / R);
  return Array.from({ length: blocks.tiles * perTile }, (_, index) => {
    const slots = new Float64Array(SLOTS).fill(1e6);
    const [first, end] = tileRange(blocks, values[0].length, Math.floor(index / perTile));
    for (let block = 0; block < R; block += 1) {
      const channel = packing === 'replicated' ? index % perTile : (index % perTile) * R + block;
      if (channel < values.length) slots.set(values[channel].subarray(first, end), block * blocks.blockSlots);
    }
    return { slots };
  });
}

async function run(
  rows: readonly LinearRow[],
  inputs: readonly { slots: Float64Array }[],
): Promise<Float64Array[]> {
  const stage: LinearStage = {
    kind: 'linear',
    layers: ['test'],
    level: 0,
    inScale: 1,
    plainScale: SCALE,
    rescale: false,
    outScale: SCALE,
    method: 'hoisted',
    rows,
  };
  const part = { ...stage, outputs: rows.map((_, i) => i) };
  const values = new Map(inputs.map((input, i) => [i, input]));
  const outputs = await runStages(new ClearBackend(TINY), [part], values);
  return rows.map((_, i) => outputs.get(i)!.slots);
}

/** A map and a packing that fits it: one tile unless R = 1. */
const anyCase = fc
  .record({
    seed: fc.nat(),
    inputs: fc.integer({ min: 1, max: 10 }),
    outputs: fc.integer({ min: 1, max: 10 }),
    R: fc.constantFrom(1, 2, 4, 8),
    fill: fc.double({ min: 0.01, max: 1, noNaN: true }),
    packing: fc.constantFrom<InputPacking>('blocks', 'replicated'),
  })
  .map(({ seed, inputs, outputs, R, fill, packing }) => {
    // With one channel a ciphertext, up to three tiles.
    const positions = Math.ceil(fill * (R === 1 ? 3 * SLOTS : SLOTS / R));
    const random = seededRandom(seed);
    const map = randomMap(random, inputs, outputs, positions);
    const values = Array.from({ length: inputs }, () => Float64Array.from({ length: positions }, random));
    return { map, values, packing, blocks: blockShape(SLOTS, positions, R)! };
  });

describe('lowerChannelMap', () => {
  it('computes the map in every packing, and nothing of what lies in unused slots', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ map, values, packing, blocks }) => {
        const rows = lowerChannelMap(map, blocks, packing, SCALE, EVEN);
        const outputs = await run(rows, pack(values, blocks, packing));
        const R = blocks.blocksPerCiphertext;
        const groups = Math.ceil(map.rows.length / R);
        expect(outputs).toHaveLength(groups * blocks.tiles);
        applyMap(map, values).forEach((channel, o) => {
          channel.forEach((value, p) => {
            const tile = Math.floor(p / blocks.tilePositions);
            const slot = (o % R) * blocks.blockSlots + p - tile * blocks.tilePositions;
            expect(outputs[tile * groups + Math.floor(o / R)][slot]).toBeCloseTo(value, 5);
          });
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never rotates where each ciphertext holds one channel, or where the input is replicated', () => {
    fc.assert(
      fc.property(anyCase, ({ map, packing, blocks }) => {
        fc.pre(blocks.blocksPerCiphertext === 1 || packing === 'replicated');
        for (const { sums } of lowerChannelMap(map, blocks, packing, SCALE, EVEN)) {
          for (const { giantStep, terms } of sums) {
            expect([giantStep, ...terms.map(({ step }) => step)].every((step) => step === 0)).toBe(true);
          }
        }
      }),
    );
  });

  const map = (weights: (number | Float32Array)[][], positions: number): ChannelMap => ({
    layers: ['m'],
    inputs: weights[0].length,
    positions,
    rows: weights.map((row) => ({ terms: row.map((weight, input) => ({ input, weight })), bias: 0 })),
  });
  const termsOf = (rows: readonly LinearRow[]) => rows.map(({ sums }) => sums.flatMap(({ terms }) => terms));

  it('makes a scalar of a weight that does not vary over the slots that matter', () => {
    const blocks = blockShape(SLOTS, 5, 2)!;
    const shared = lowerChannelMap(map([[0.5], [0.5], [0.5]], 5), blocks, 'replicated', SCALE, EVEN);
    expect(termsOf(shared)).toEqual([
      [{ input: 0, step: 0, diagonal: { kind: 'scalar', value: 0.5 } }],
      [{ input: 0, step: 0, diagonal: { kind: 'scalar', value: 0.5 } }],
    ]);
    const [[term]] = termsOf(lowerChannelMap(map([[0.5], [0.25]], 5), blocks, 'replicated', SCALE, EVEN));
    expect(term.diagonal.kind).toBe('vector');
  });

  it('leaves out what encodes to zero, but never a whole output', () => {
    const blocks = blockShape(SLOTS, 5, 1)!;
    const plainScale = 2 ** 10;
    const rows = lowerChannelMap(
      map(
        [
          [2 ** -12, 0.5],
          [2 ** -12, 0],
        ],
        5,
      ),
      blocks,
      'blocks',
      plainScale,
      EVEN,
    );
    expect(termsOf(rows)).toEqual([
      [{ input: 1, step: 0, diagonal: { kind: 'scalar', value: 0.5 } }],
      [{ input: 0, step: 0, diagonal: { kind: 'scalar', value: 2 ** -10 } }],
    ]);
    const field = new Float32Array(5).fill(2 ** -12);
    const fields = lowerChannelMap(map([[field, 0.5]], 5), blocks, 'blocks', plainScale, EVEN);
    expect(termsOf(fields)[0]).toEqual([{ input: 1, step: 0, diagonal: { kind: 'scalar', value: 0.5 } }]);
  });
});

describe('babyStepCount', () => {
  it('finds the cheapest split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 8, 16),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 20 }),
        (shifts, inputs, outputs, giant) => {
          const cost = (baby: number): number => inputs * (baby - 1) + giant * outputs * (shifts / baby - 1);
          const chosen = babyStepCount(shifts, inputs, outputs, { baby: 1, giant });
          expect(shifts % chosen).toBe(0);
          for (let baby = 1; baby <= shifts; baby *= 2) expect(cost(chosen)).toBeLessThanOrEqual(cost(baby));
        },
      ),
    );
  });
});
