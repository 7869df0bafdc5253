// With the simd backend the server role never so much as loads SEAL; without a kernel, or with wide primes, it does.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kernelBytes } from '../../../../fixtures/kernel-watch.ts';
import { randomCiphertext, randomKey, randomPlan, SMALL } from '../../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../../fixtures/styled-codes.ts';
import { checkParameters } from '../../../params/parameters.ts';
import { partitionPlan } from '../../../plan/partition.ts';
import { rotationSteps, stageOutputs } from '../../../plan/plan.ts';
import { encodeFrame } from '../../../protocol/frame.ts';
import { createServerRole } from '../../server-role.ts';

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
const role = createServerRole({ kernel });
afterEach(() => role.close());

describe('the server role with the kernel', () => {
  it('opens, takes keys and runs a plan with squares and rotations without evaluating node-seal', async () => {
    const random = seededRandom(4);
    await role.warm();
    expect(await role.open(SMALL, 'simd')).toBe('simd');
    const rotations = new Map(rotationSteps(plan).map((step) => [step, randomKey(random, SMALL)]));
    const keys = { relinearization: randomKey(random, SMALL), rotations };
    await role.addKeys(encodeFrame({ kind: 'evaluation-keys', keys }, SMALL));
    await role.addPlan('p', partitionPlan(plan, 1).parts[0]);
    const items = Array.from({ length: plan.inputCount }, (_, index) => ({
      index,
      ciphertext: { ...randomCiphertext(random, SMALL, SMALL.maxLevel), scale: plan.inputScale },
    }));
    const outputs = [...Array(stageOutputs(plan.stages.at(-1)!)).keys()];
    const { parts } = partitionPlan(plan, 1);
    let frames: readonly Uint8Array[] = [encodeFrame({ kind: 'ciphertexts', items }, SMALL)];
    for (const segment of parts[0].segments.keys()) {
      const isLast = segment === parts[0].segments.length - 1;
      const result = await role.run(1, 'p', segment, frames, isLast ? outputs : []);
      frames = isLast ? result.frames.map(({ frame }) => frame) : [];
    }
    expect(frames).toHaveLength(outputs.length);
    expect(evaluated.seal).toBe(false);
  });

  it('opens with SEAL when that is asked for', async () => {
    expect(await role.open(SMALL, 'seal')).toBe('seal');
    // What shows that the test above would have seen it.
    expect(evaluated.seal).toBe(true);
  });

  it('falls back on SEAL for primes of 2^30 and above', async () => {
    const wide = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 31] });
    expect(await role.open(wide, 'simd')).toBe('seal');
    expect(await role.open(wide, 'simd')).toBe('seal');
  });

  it('falls back on SEAL where there is no kernel', async () => {
    const bare = createServerRole();
    expect(await bare.open(SMALL, 'simd')).toBe('seal');
    await bare.close();
  });
});
