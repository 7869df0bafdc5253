// Splitting a plan: every output has one worker, every worker has or is given what it reads, nothing is sent for nothing.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { type Partition, partitionPlan, type StagePart } from './partition.ts';
import { type Plan, stageOutputs } from './plan.ts';
import { squares } from './stages/product.ts';

const anyPlan = fc.nat().map((seed) => randomPlan(seededRandom(seed), SMALL));
const anyWorkers = fc.integer({ min: 1, max: 4 });

/** Numbers of the values that the outputs of `stage` read. */
function readsOf(stage: StagePart): number[][] {
  if (stage.kind === 'product') return stage.pairs.map(({ left, right = left }) => [left, right]);
  return stage.rows.map(({ sums }) => sums.flatMap(({ terms }) => terms.map(({ input }) => input)));
}

/** What is wrong with `partition`, in words: empty if it computes `plan`. */
function faults(plan: Plan, { parts, needs, owners }: Partition): string[] {
  const found: string[] = [];
  let at = 0;
  let held = parts.map(() => new Set<number>());
  parts[0].segments.forEach((first, segment) => {
    let current = parts.map((_, worker) => new Set([...held[worker], ...needs[segment][worker]]));
    if (needs[segment].some((values, worker) => values.some((value) => held[worker].has(value)))) {
      found.push(`segment ${segment} is sent what it holds`);
    }
    const unread = current.map((values) => new Set(values));
    first.forEach((_, index) => {
      const stage = plan.stages[at];
      const computed: number[] = [];
      parts.forEach((part, worker) => {
        const share = part.segments[segment][index];
        computed.push(...share.outputs);
        if (share.kind !== stage.kind || share.layers !== stage.layers) found.push(`stage ${at} is another`);
        if (share.kind === 'linear' && stage.kind === 'linear') {
          share.rows.forEach((row, i) => {
            if (row !== stage.rows[share.outputs[i]]) found.push(`stage ${at} mixes up its rows`);
          });
        }
        readsOf(share).forEach((inputs) => {
          for (const input of inputs) {
            if (!current[worker].has(input)) found.push(`stage ${at}: worker ${worker} lacks value ${input}`);
            if (index === 0) unread[worker].delete(input);
          }
        });
      });
      const wanted = Array.from({ length: stageOutputs(stage) }, (_, output) => output);
      if (computed.sort((a, b) => a - b).join() !== wanted.join())
        found.push(`stage ${at} computes ${computed.join()}`);
      current = parts.map((part) => new Set(part.segments[segment][index].outputs));
      at += 1;
    });
    needs[segment].forEach((values, worker) => {
      if (values.some((value) => unread[worker].has(value)))
        found.push(`segment ${segment} is sent what it does not read`);
    });
    owners[segment].forEach((owner, value) => {
      if (!current[owner].has(value)) found.push(`worker ${owner} does not own value ${value}`);
    });
    held = current;
  });
  if (at !== plan.stages.length) found.push(`${at} of ${plan.stages.length} stages`);
  return found;
}

describe('partitionPlan', () => {
  it('computes every output once, from what its worker holds or is sent', () => {
    fc.assert(
      fc.property(anyPlan, anyWorkers, (plan, workers) => {
        const partition = partitionPlan(plan, workers);
        expect(partition.parts).toHaveLength(workers);
        expect(faults(plan, partition)).toEqual([]);
      }),
    );
  });

  it('gives one worker everything, in segments that need nothing after the inputs', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const { needs, owners } = partitionPlan(plan, 1);
        expect(needs.slice(1).flat(2)).toEqual([]);
        expect(new Set(owners.flat())).toEqual(new Set([0]));
      }),
    );
  });

  it('keeps an output that reads one value with that value, so that nothing is exchanged', () => {
    const plan = randomPlan(seededRandom(1), SMALL);
    const scale = 2 ** 24;
    const chain: Plan = {
      ...plan,
      inputCount: 4,
      stages: [2, 1].map((level) => ({
        kind: 'product',
        layers: ['s'],
        level,
        inScale: scale,
        outScale: scale,
        pairs: squares(4),
      })),
    };
    const { parts, needs } = partitionPlan(chain, 4);
    expect(needs).toEqual([[[0], [1], [2], [3]]]);
    expect(parts.map((part) => part.segments[0].map((stage) => stage.outputs))).toEqual(
      [0, 1, 2, 3].map((output) => [[output], [output]]),
    );
  });

  it('shares out a stage that would weigh on the owner of the one value it reads', () => {
    const plan = randomPlan(seededRandom(1), SMALL);
    const term = { input: 0, step: 0, diagonal: { kind: 'scalar', value: 0.5 } } as const;
    const rows = (count: number) =>
      Array.from({ length: count }, () => ({ sums: [{ giantStep: 0, terms: [term] }], bias: undefined }));
    const [layers, inScale, outScale, plainScale] = [['l'], 1, 1, 1] as const;
    const linear = (count: number) =>
      ({
        kind: 'linear',
        layers,
        level: 1,
        inScale,
        plainScale,
        rescale: false,
        outScale,
        method: 'matrix',
        rows: rows(count),
      }) as const;
    const bottleneck: Plan = { ...plan, inputCount: 1, stages: [linear(1), linear(40)] };
    const { parts, needs } = partitionPlan(bottleneck, 4);
    expect(parts.map((part) => part.segments.map(([stage]) => stage.outputs.length))).toEqual(
      [0, 0, 1, 0].map((first) => [first, 10]),
    );
    expect(needs[1]).toEqual([[0], [0], [], [0]]);
    expect(faults(bottleneck, partitionPlan(bottleneck, 4))).toEqual([]);
    expect(partitionPlan(bottleneck, 1).needs).toHaveLength(1);
  });

  it('is found out by the checks of this test when it is wrong', () => {
    const plan = randomPlan(seededRandom(3), SMALL);
    const sound = partitionPlan(plan, 2);
    expect(faults(plan, sound)).toEqual([]);
    const [first, ...rest] = sound.needs;
    expect(faults(plan, { ...sound, needs: [[[], []], ...rest] }).join()).toMatch(/lacks value/);
    expect(faults(plan, { ...sound, needs: [first.map(() => [0, 1, 2, 3, 4]), ...rest] }).join()).toMatch(
      /not read/,
    );
    expect(faults(plan, { ...sound, parts: [sound.parts[0], sound.parts[0]] }).join()).toMatch(/computes/);
    const swapped = sound.owners.map((owners) => owners.map((owner) => 1 - owner));
    expect(faults(plan, { ...sound, owners: swapped }).join()).toMatch(/does not own/);
  });
});
