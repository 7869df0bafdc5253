// The cache of plans: compiled once, forgotten in order, and a network that failed to load is asked for again.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SealedError } from '../../base/errors.ts';
import { verifyPlan } from '../../plan/verify.ts';
import { directed, STYLES, styleById } from '../../style/styles.ts';
import { floatPicture, Plans } from './plans.ts';

const gradient = styleById('gradient');
const { defaultColours: colours } = gradient;

/** Plans over the models of public/, and the paths they asked for. */
function plansWithLog(workers = 2): { plans: Plans; asked: string[] } {
  const asked: string[] = [];
  const load = async (path: string): Promise<Uint8Array> => {
    asked.push(path);
    return new Uint8Array(await readFile(new URL(`../../public/${path}`, import.meta.url)));
  };
  return { plans: new Plans(load, workers), asked };
}

describe('Plans', () => {
  it('compiles each style into a sound plan, split over the workers, whose card knows the size', async () => {
    const { plans, asked } = plansWithLog(3);
    for (const style of STYLES) {
      const { plan, card, partition, graph } = await plans.plan(style, 21, style.defaultColours, 4, 'simd');
      expect(verifyPlan(plan)).toBe(plan);
      expect(partition.parts).toHaveLength(3);
      expect(card.input.layout.shape).toEqual([1, 21, 21]);
      expect(card.finish).toEqual([{ op: 'depthToSpace', block: 4 }]);
      expect(floatPicture(graph, new Float32Array(441))).toHaveLength(3 * 84 * 84);
    }
    expect(asked).toEqual(STYLES.map((style) => style.model));
  });

  it('gives a known plan again, and another for each size, colour, direction, resolution and backend', async () => {
    const { plans, asked } = plansWithLog();
    const first = await plans.plan(gradient, 21, colours, 4, 'simd');
    expect(await plans.plan(gradient, 21, { ...colours }, 4, 'simd')).toBe(first);
    const others = [
      await plans.plan(gradient, 25, colours, 4, 'simd'),
      await plans.plan(gradient, 21, { ...colours, end: [1, 2, 3] }, 4, 'simd'),
      await plans.plan(directed(gradient, 'vertical'), 21, colours, 4, 'simd'),
      await plans.plan(gradient, 21, colours, 8, 'simd'),
      await plans.plan(gradient, 21, colours, 4, 'seal'),
    ];
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(6);
    expect(asked).toEqual([gradient.model]);
  });

  it('keeps the four plans used last', async () => {
    const { plans } = plansWithLog();
    const at = (modules: number) => plans.plan(gradient, modules, colours, 4, 'simd');
    const [a, b] = [await at(21), await at(25)];
    await at(29);
    await at(33);
    expect(await at(21)).toBe(a);
    await at(37);
    expect(await at(21)).toBe(a);
    expect(await at(25)).not.toBe(b);
  });

  it('asks for a network again after a failure, and passes the failure on', async () => {
    let calls = 0;
    const failure = new SealedError('load-failed', 'Offline.');
    const plans = new Plans(async () => {
      calls += 1;
      if (calls === 1) throw failure;
      return new Uint8Array(await readFile(new URL(`../../public/${gradient.model}`, import.meta.url)));
    }, 1);
    await expect(plans.network(gradient)).rejects.toBe(failure);
    expect((await plans.plan(gradient, 21, colours, 4, 'simd')).plan.stages.length).toBeGreaterThan(0);
    expect(calls).toBe(2);
  });

  it('refuses a file that is no network', async () => {
    const plans = new Plans(() => Promise.resolve(new TextEncoder().encode('<!doctype html>')), 1);
    await expect(plans.network(gradient)).rejects.toMatchObject({ code: 'malformed-model' });
  });
});
