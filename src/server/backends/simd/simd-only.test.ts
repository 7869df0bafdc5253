// With the simd backend the evaluator never so much as loads SEAL; without a kernel, or with wide primes, it does.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kernelBytes } from '../../../../fixtures/kernel-watch.ts';
import { randomCiphertext, randomKey, randomPlan, SMALL } from '../../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../../fixtures/styled-codes.ts';
import { checkParameters } from '../../../params/parameters.ts';
import { partitionPlan } from '../../../plan/partition.ts';
import { rotationSteps, stageOutputs } from '../../../plan/plan.ts';
import { encodePlanPart } from '../../../plan/plan-codec.ts';
import { encodeFrame } from '../../../protocol/frame.ts';
import { createEvaluator } from '../../evaluator.ts';

const evaluated = vi.hoisted(() => ({ seal: false }));
vi.mock('node-seal', (importOriginal) => {
  evaluated.seal = true;
  return importOriginal();
});

const plan = Array.from({ length: 50 }, (_, seed) => randomPlan(seededRandom(seed), SMALL)).find(
  (candidate) =>
    rotationSteps(candidate).length > 0 && candidate.stages.some(({ kind }) => kind === 'product'),
)!;
const kernel = kernelBytes();
const role = createEvaluator({ kernel });
afterEach(() => role.close('main'));

describe('the evaluator with the kernel', () => {
  it('opens, takes keys and runs a plan with squares and rotations without evaluating node-seal', async () => {
    const random = seededRandom(4);
    await role.warm();
    expect(await role.open('main', SMALL, 'simd')).toBe('simd');
    const rotations = new Map(rotationSteps(plan).map((step) => [step, randomKey(random, SMALL)]));
    const keys = { relinearization: randomKey(random, SMALL), rotations };
    await role.addKeys('main', 'mine', encodeFrame({ kind: 'evaluation-keys', keys }, SMALL));
    const { parts } = partitionPlan(plan, 1);
    await role.addPlan('main', 'p', encodePlanPart(parts[0], SMALL));
    const items = Array.from({ length: plan.inputCount }, (_, index) => ({
      index,
      ciphertext: { ...randomCiphertext(random, SMALL, SMALL.maxLevel), scale: plan.inputScale },
    }));
    const outputs = [...Array(stageOutputs(plan.stages.at(-1)!)).keys()];
    let frames: readonly Uint8Array[] = [encodeFrame({ kind: 'ciphertexts', items }, SMALL)];
    for (const segment of parts[0].segments.keys()) {
      const isLast = segment === parts[0].segments.length - 1;
      const wanted = isLast ? outputs : [];
      const result = await role.run({ runId: 1, planId: 'p', keySet: 'mine', segment, frames, wanted });
      frames = isLast ? result.frames.map(({ frame }) => frame) : [];
    }
    expect(frames).toHaveLength(outputs.length);
    expect(evaluated.seal).toBe(false);
  });

  it('opens with SEAL when that is asked for', async () => {
    expect(await role.open('main', SMALL, 'seal')).toBe('seal');
    // What shows that the test above would have seen it.
    expect(evaluated.seal).toBe(true);
  });

  it('falls back on SEAL for primes of 2^30 and above', async () => {
    const wide = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 31] });
    expect(await role.open('main', wide, 'simd')).toBe('seal');
    expect(await role.open('main', wide, 'simd')).toBe('seal');
  });

  it('falls back on SEAL where there is no kernel', async () => {
    const bare = createEvaluator();
    expect(await bare.open('main', SMALL, 'simd')).toBe('seal');
    await bare.close('main');
  });
});
