// A plan over several evaluators: the same outputs as one, whatever the split; errors and stops reach everybody.
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadMeasuredSeal, watchHandles } from '../../fixtures/handle-count.ts';
import { runPlan, runStages } from '../../fixtures/run-plan.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import type { Controls } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { partitionPlan, type PlanPart } from '../plan/partition.ts';
import { encodePlanPart } from '../plan/plan-codec.ts';
import { type Plan, rotationSteps, stageOutputs } from '../plan/plan.ts';
import { ClearBackend, type ClearCiphertext } from '../server/backends/clear/clear-backend.ts';
import type { SegmentRun } from '../protocol/evaluator.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { createEvaluator } from '../server/evaluator.ts';
import { type DistributedRun, type Player, runDistributed } from './conductor.ts';

const clear = new ClearBackend(SMALL);

/** A value as the players of this test pass it on: its number, then its slots. */
function toFrame(index: number, slots: Float64Array): Uint8Array<ArrayBuffer> {
  const frame = new Float64Array(slots.length + 1);
  frame[0] = index;
  frame.set(slots, 1);
  return new Uint8Array(frame.buffer);
}

function fromFrame(frame: Uint8Array): [number, ClearCiphertext] {
  const values = new Float64Array(frame.slice().buffer);
  return [values[0], { slots: values.slice(1) }];
}

/** An evaluator on plaintext slots that keeps to the rules of the role: it has what it computed and what it is sent. */
class ClearPlayer implements Player {
  readonly #part: PlanPart;
  #kept = new Map<number, ClearCiphertext>();
  readonly received: number[] = [];
  readonly ended: number[] = [];
  /** Plan and key set of each segment. */
  readonly asked: string[][] = [];
  signal: AbortSignal | undefined;
  /** Called before each segment. */
  before: (segment: number) => Promise<void> = () => Promise.resolve();
  share = 0.5;

  constructor(part: PlanPart) {
    this.#part = part;
  }

  async run({ planId, keySet, segment, frames, wanted }: SegmentRun, { signal }: Controls = {}) {
    this.asked.push([planId, keySet]);
    this.signal = signal;
    await this.before(segment);
    const values = this.#kept;
    for (const frame of frames) {
      const [index, value] = fromFrame(frame);
      if (values.has(index)) throw new Error(`Value ${index} is sent to a player that has it.`);
      this.received.push(index);
      values.set(index, value);
    }
    const results = await runStages(clear, this.#part.segments[segment], values);
    this.#kept = results;
    const answer = wanted.map((index) => ({ index, frame: toFrame(index, results.get(index)!.slots) }));
    return { frames: answer };
  }

  end(runId: number): Promise<void> {
    this.ended.push(runId);
    return Promise.resolve();
  }

  progress(): Promise<number> {
    return Promise.resolve(this.share);
  }
}

function inputsOf(plan: Plan, random: () => number): Float64Array[] {
  return Array.from({ length: plan.inputCount }, () =>
    Float64Array.from({ length: plan.parameters.slots }, () => random() - 0.5),
  );
}

/** A run over `workers` clear players. */
function setUp(plan: Plan, workers: number, inputs: readonly Float64Array[]) {
  const partition = partitionPlan(plan, workers);
  const players = partition.parts.map((part) => new ClearPlayer(part));
  const frames = inputs.map((slots, index) => toFrame(index, slots));
  const planIds = partition.parts.map((_, worker) => `part ${worker}`);
  const run: DistributedRun = { runId: 5, planIds, keySet: 'mine', partition, inputs: frames };
  return { players, run };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('runDistributed', () => {
  it('puts out what a single worker computes, in order, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 4 }), async (seed, workers) => {
        const random = seededRandom(seed);
        const plan = randomPlan(random, SMALL);
        const inputs = inputsOf(plan, random);
        const expected = await runPlan(
          clear,
          plan,
          inputs.map((slots) => ({ slots: slots.slice() })),
        );
        const { players, run } = setUp(plan, workers, inputs);
        const { outputs, exchangedBytes } = await runDistributed(players, run);
        expect(outputs).toHaveLength(stageOutputs(plan.stages.at(-1)!));
        outputs.forEach((frame, index) => {
          const [number, { slots }] = fromFrame(frame);
          expect(number).toBe(index);
          expect(
            Buffer.compare(new Uint8Array(slots.buffer), new Uint8Array(expected[index].slots.buffer)),
          ).toBe(0);
        });
        players.forEach(({ asked, ended }, worker) => {
          expect(asked).toEqual(asked.map(() => [`part ${worker}`, 'mine']));
          // The last segment ends a run by itself.
          expect(ended).toEqual([]);
        });
        if (workers === 1) expect(exchangedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  // Four rows that each read every input, twice over: the middle values must change hands.
  const mixing: Plan = (() => {
    const plan = randomPlan(seededRandom(1), SMALL);
    const term = (input: number) => ({ input, step: 0, diagonal: { kind: 'scalar', value: 0.2 } as const });
    const row = { sums: [{ giantStep: 0, terms: [0, 1, 2, 3].map(term) }], bias: undefined };
    const rows = [row, row, row, row];
    const [layers, inScale, outScale, plainScale] = [['m'], 1, 1, 2 ** 20] as const;
    const stages = [2, 1].map((level) => {
      const method = 'matrix';
      return {
        kind: 'linear',
        layers,
        level,
        inScale,
        plainScale,
        rescale: true,
        outScale,
        method,
        rows,
      } as const;
    });
    return { ...plan, inputCount: 4, stages };
  })();

  it('counts the bytes that change hands between the workers', async () => {
    const inputs = inputsOf(mixing, seededRandom(2));
    const { players, run } = setUp(mixing, 2, inputs);
    const { exchangedBytes } = await runDistributed(players, run);
    expect(exchangedBytes).toBe(4 * 8 * (SMALL.slots + 1));
    expect(players.map(({ received }) => received)).toEqual([
      [0, 1, 2, 3, 2, 3],
      [0, 1, 2, 3, 0, 1],
    ]);
  });

  it('ends the run everywhere when one worker fails, and says what that worker said', async () => {
    const { players, run } = setUp(mixing, 3, inputsOf(mixing, seededRandom(3)));
    const died = new SealedError('worker-died', 'Planted.');
    players[1].before = (segment) => (segment === 1 ? Promise.reject(died) : Promise.resolve());
    await expect(runDistributed(players, run)).rejects.toBe(died);
    expect(players.map(({ ended }) => ended)).toEqual([[5], [5], [5]]);
  });

  it('says what went wrong first when a worker fails even to end', async () => {
    const { players, run } = setUp(mixing, 2, inputsOf(mixing, seededRandom(4)));
    const first = new SealedError('missing-key', 'Planted.');
    players[0].before = () => Promise.reject(first);
    players[0].end = () => Promise.reject(new SealedError('worker-died', 'Planted.'));
    await expect(runDistributed(players, run)).rejects.toBe(first);
    expect(players[1].ended).toEqual([5]);
  });

  it('stops the others in mid-segment when one worker fails', async () => {
    const { players, run } = setUp(mixing, 3, inputsOf(mixing, seededRandom(9)));
    const died = new SealedError('worker-died', 'Planted.');
    const working = Promise.withResolvers<never>();
    players[0].before = () => working.promise;
    players[1].before = () => Promise.reject(died);
    await expect(runDistributed(players, run)).rejects.toBe(died);
    expect(players[0].signal?.aborted).toBe(true);
    working.reject(new SealedError('aborted', 'Stopped.'));
  });

  it('does not start once stopped', async () => {
    const { players, run } = setUp(mixing, 2, inputsOf(mixing, seededRandom(5)));
    const call = runDistributed(players, run, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
    expect(players.flatMap(({ received }) => received)).toEqual([]);
  });

  it('tells every worker to end as soon as it is stopped, and does not start the next segment', async () => {
    const controller = new AbortController();
    const { players, run } = setUp(mixing, 2, inputsOf(mixing, seededRandom(6)));
    let seen: (boolean | undefined)[] = [];
    players[1].before = (segment) => {
      expect(segment).toBe(0);
      controller.abort();
      seen = players.map((player) => player.signal?.aborted);
      return Promise.resolve();
    };
    const call = runDistributed(players, run, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: 'aborted', stage: 'server' });
    expect(seen).toEqual([true, true]);
    expect(players.map(({ ended }) => ended)).toEqual([[5], [5]]);
  });

  it('reports progress that grows from segment to segment, and none after the end', async () => {
    vi.useFakeTimers();
    const shares: number[] = [];
    const { players, run } = setUp(mixing, 2, inputsOf(mixing, seededRandom(7)));
    for (const player of players) {
      player.before = async (segment) => {
        player.share = 0.5;
        const wanted = segment + 1;
        while (shares.length < wanted) await vi.advanceTimersByTimeAsync(50);
      };
    }
    await runDistributed(players, run, { onProgress: (share) => shares.push(share) });
    // Nobody is left to ask.
    expect(vi.getTimerCount()).toBe(0);
    expect(shares[0]).toBeCloseTo(0.25);
    expect(shares.at(-1)).toBeCloseTo(0.75);
  });

  it('reports no answer that comes after the end', async () => {
    vi.useFakeTimers();
    const shares: number[] = [];
    const { players, run } = setUp(mixing, 1, inputsOf(mixing, seededRandom(8)));
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<number>();
    players[0].progress = () => {
      asked.resolve();
      return answered.promise;
    };
    players[0].before = async () => {
      await vi.advanceTimersByTimeAsync(1000);
      await asked.promise;
    };
    await runDistributed(players, run, { onProgress: (share) => shares.push(share) });
    answered.resolve(0.5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(shares).toEqual([]);
  });

  it('puts out the same ciphertexts on one evaluator of SEAL as on three, to the byte', async () => {
    const seal = await loadMeasuredSeal();
    const handles = watchHandles();
    {
      using keys = new TestKeys(seal, SMALL);
      const random = seededRandom(11);
      const plan = randomPlan(random, SMALL);
      const inputs = inputsOf(plan, random).map((slots, index) => {
        const items = [{ index, ciphertext: keys.encrypt(slots, plan.inputScale) }];
        return encodeFrame({ kind: 'ciphertexts', items }, SMALL);
      });
      const evaluationKeys = keys.evaluationKeys(rotationSteps(plan));
      const keyFrame = encodeFrame({ kind: 'evaluation-keys', keys: evaluationKeys }, SMALL);
      const results = [];
      for (const workers of [1, 3]) {
        const partition = partitionPlan(plan, workers);
        const players = partition.parts.map(() => createEvaluator());
        for (const [worker, player] of players.entries()) {
          await player.open('main', SMALL, 'seal');
          await player.addKeys('main', 'mine', keyFrame);
          await player.addPlan('main', `part ${worker}`, encodePlanPart(partition.parts[worker], SMALL));
        }
        const planIds = players.map((_, worker) => `part ${worker}`);
        const run = { runId: 1, planIds, keySet: 'mine', partition, inputs };
        results.push(await runDistributed(players, run));
        for (const player of players) await player.close('main');
      }
      const [single, split] = results;
      expect(single.outputs).toHaveLength(stageOutputs(plan.stages.at(-1)!));
      expect(split.outputs).toHaveLength(single.outputs.length);
      split.outputs.forEach((frame, i) => expect(Buffer.compare(frame, single.outputs[i])).toBe(0));
    }
    expect(handles.live()).toEqual([]);
    handles.stop();
  });
});
