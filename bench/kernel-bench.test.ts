// The benchmarks measure what they say, on operands that agree, and give everything back. No figure is judged.
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../fixtures/kernel-watch.ts';
import { Plans } from '../src/app/plans.ts';
import type { SealModule } from '../src/seal/load.ts';
import { styleById } from '../src/style/styles.ts';
import { caseCount, runKernelBench } from './kernel-bench.ts';
import { compare, median, medianPair } from './measure.ts';
import { planCase } from './plan-case.ts';
import { bestMacRate, rooflineOf } from './roofline.ts';

const loadModel = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`../public/${path}`, import.meta.url)));

let seal: SealModule;
let kernel: WebAssembly.Module;
let handles: HandleWatch;
let kernels: KernelWatch;
beforeAll(async () => {
  seal = await loadMeasuredSeal();
  kernel = await WebAssembly.compile(kernelBytes());
  handles = watchHandles();
  kernels = watchKernels();
});
afterAll(() => {
  handles.stop();
  kernels.stop();
});

describe('measuring', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes the middle', () => {
    expect(median([5, 1, 9])).toBe(5);
    expect(median([2])).toBe(2);
  });

  it('runs both sides in turn, as often as told, and gives times per unit', async () => {
    vi.useFakeTimers();
    const calls: string[] = [];
    const work = (name: string, ms: number) => (): void => {
      calls.push(name);
      vi.advanceTimersByTime(ms);
    };
    expect(await medianPair(work('a', 30), work('b', 10), 3)).toEqual([30, 10]);
    expect(calls.slice(-6)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    const sides = { seal: work('a', 30), simd: work('b', 10), units: 10 };
    const result = await compare({ name: 'x', polyModulusDegree: 8, primes: 1, ...sides }, 1);
    expect(result).toMatchObject({ sealMs: 3, simdMs: 1, ratio: 3 });
  });
});

describe('the benchmark of the kernel', () => {
  it('times every operation on both sides, and leaves nothing behind', async () => {
    const seen: string[] = [];
    const { cases, roofline } = await runKernelBench(
      { seal, kernel, loadModel },
      { pairs: 1, parts: ['operations'], onCase: ({ name }) => seen.push(name) },
    );
    expect(cases).toHaveLength(caseCount(['operations']));
    expect(seen).toEqual(cases.map(({ name }) => name));
    expect(new Set(seen).size).toBe(seen.length);
    for (const { sealMs, simdMs, ratio } of cases) {
      expect(Math.min(sealMs, simdMs)).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(sealMs / simdMs);
    }
    expect(roofline).toBeUndefined();
    expect(handles.live()).toEqual([]);
    expect(kernels.live()).toBe(0);
  });

  it('times a whole plan that decrypts to the same picture on both sides', async () => {
    const plans = new Plans(loadModel, 1);
    const { result, macs, prepareMs } = await planCase(
      seal,
      kernel,
      plans,
      { style: 'gradient', version: 1 },
      1,
    );
    expect(result).toMatchObject({ name: 'gradient version 1', polyModulusDegree: 4096 });
    expect(Math.min(result.sealMs, result.simdMs, prepareMs)).toBeGreaterThan(0);
    // One product of 2 polynomials × 2 primes × N for each output ciphertext.
    const style = styleById('gradient');
    const { plan } = await plans.plan(style, 21, style.defaultColours, 8, 'simd');
    const [stage] = plan.stages;
    expect(stage.kind === 'linear' && stage.rows.length * 4 * 4096).toBe(macs);
    expect(handles.live()).toEqual([]);
    expect(kernels.live()).toBe(0);
  });

  it('refuses to time plans that decrypt to something else', async () => {
    class Deaf extends Plans {
      override async plan(...args: Parameters<Plans['plan']>): ReturnType<Plans['plan']> {
        const ready = await super.plan(...args);
        const graph = { ...ready.graph, nodes: ready.graph.nodes.slice(0, -1) };
        return { ...ready, graph: { ...graph, output: graph.nodes.at(-1).id } };
      }
    }
    const subject = { style: 'gradient', version: 1 };
    await expect(planCase(seal, kernel, new Deaf(loadModel, 1), subject, 1)).rejects.toMatchObject({
      code: expect.stringMatching(/internal|invalid-argument/),
    });
  });

  it('holds a plan against the best rate', async () => {
    const rate = await bestMacRate(kernel, [65537, 40961]);
    expect(rate).toBeGreaterThan(1e6);
    expect(rooflineOf(2e9, 1e6, 1)).toEqual({
      measuredMacPerSecond: 2e9,
      planMacPerSecond: 1e9,
      fraction: 0.5,
    });
    expect(kernels.live()).toBe(0);
  });
});
