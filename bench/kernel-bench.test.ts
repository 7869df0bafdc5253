// The benchmarks measure what they say, on operands that agree, and give everything back. No figure is judged.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../fixtures/kernel-watch.ts';
import type { SealModule } from '../src/seal/load.ts';
import { SealBackend } from '../src/server/backends/seal/seal-backend.ts';
import { SimdOperations } from '../src/server/backends/simd/simd-operations.ts';
import { styleById } from '../src/style/styles.ts';
import { caseCount, runKernelBench } from './kernel-bench.ts';
import { compare, median, timePair, wallClock, workClock } from './measure.ts';
import { comparePlan, planCase } from './plan-case.ts';
import { bestMacRate, rooflineOf } from './roofline.ts';
import { StylePlans } from './style-plans.ts';

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
    expect(await timePair(work('a', 30), work('b', 10), 3, wallClock)).toMatchObject([
      { medianMs: 30 },
      { medianMs: 10 },
    ]);
    expect(calls.slice(-6)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    let sum = 0;
    const busy = (): void => {
      for (let i = 0; i < 3e6; i += 1) sum += i;
    };
    const result = await compare(
      { name: 'x', polyModulusDegree: 8, primes: 1, seal: busy, simd: busy, units: 10 },
      1,
    );
    expect(sum).toBeGreaterThan(0);
    expect(result.sealMs).toBeGreaterThan(0);
    expect(result.ratio).toBeCloseTo(result.sealMs / result.simdMs);
  });

  it('gives the median and the least of what the clock says', async () => {
    let now = 0;
    const takes = (times: number[]) => () => void (now += times.shift() ?? 50);
    // Two runs to warm up, of 100 ms or more: one call is timed at a time.
    const [first, second] = await timePair(
      takes([100, 100, 7, 30, 20]),
      takes([200, 200, 9, 8, 300]),
      3,
      () => now,
    );
    expect(first).toEqual({ medianMs: 20, leastMs: 7 });
    expect(second).toEqual({ medianMs: 9, leastMs: 8 });
  });

  it('times work by the CPU it takes, and waiting takes none', () => {
    const start = workClock();
    const slept = wallClock();
    // This thread does nothing meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    expect(wallClock() - slept).toBeGreaterThan(190);
    expect(workClock() - start).toBeLessThan(100);
    const before = workClock();
    while (workClock() - before < 20);
    expect(workClock() - before).toBeGreaterThanOrEqual(20);
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
    const plans = new StylePlans(loadModel);
    const subject = { style: 'gradient', version: 1 };
    const { run, encoding, macs } = await planCase(seal, kernel, plans, subject, 1);
    expect(run).toMatchObject({
      name: 'gradient version 1, weights encoded before',
      polyModulusDegree: 4096,
    });
    expect(encoding.name).toBe('gradient version 1, encoding its weights');
    for (const { sealMs, simdMs, sealLeastMs, simdLeastMs } of [run, encoding]) {
      expect(Math.min(sealMs, simdMs, sealLeastMs, simdLeastMs)).toBeGreaterThan(0);
    }
    // One product of 2 polynomials × 2 primes × N for each output ciphertext.
    const style = styleById('gradient');
    const { plan } = await plans.plan(style, 21, 'simd');
    const [stage] = plan.stages;
    expect(stage.kind === 'linear' && stage.rows.length * 4 * 4096).toBe(macs);
    expect(handles.live()).toEqual([]);
    expect(kernels.live()).toBe(0);
  });

  it.each([
    { style: 'gradient', version: 1 },
    { style: 'liquid', version: 1 },
  ])('gives both sides the same work: $style runs on weights that are encoded already', async (subject) => {
    const encoded = { seal: 0, simd: 0 };
    const counting = <A extends unknown[], R>(side: 'seal' | 'simd', call: (...args: A) => R) =>
      function (this: unknown, ...args: A): R {
        encoded[side] += 1;
        return call.apply(this, args);
      };
    const { encode: sealEncode } = SealBackend.prototype;
    const { encode: simdEncode } = SimdOperations.prototype;
    const spies = [
      vi.spyOn(SealBackend.prototype, 'encode').mockImplementation(counting('seal', sealEncode)),
      vi.spyOn(SimdOperations.prototype, 'encode').mockImplementation(counting('simd', simdEncode)),
    ];
    try {
      using comparison = await comparePlan(seal, kernel, new StylePlans(loadModel), subject);
      const { run, encoding } = comparison;
      for (const task of [run.seal, run.simd]) await task();
      const before = { ...encoded };
      expect(Math.min(before.seal, before.simd)).toBeGreaterThan(0);
      for (const task of [run.seal, run.simd, run.seal, run.simd]) await task();
      expect(encoded).toEqual(before);
      comparison.check();
      for (const task of [encoding.seal, encoding.simd]) await task();
      expect(encoded).toEqual({ seal: 2 * before.seal, simd: 2 * before.simd });
      for (const task of [run.seal, run.simd]) await task();
      comparison.check();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(handles.live()).toEqual([]);
    expect(kernels.live()).toBe(0);
  });

  it('refuses to time plans that decrypt to something else', async () => {
    class Deaf extends StylePlans {
      override async plan(...args: Parameters<StylePlans['plan']>): ReturnType<StylePlans['plan']> {
        const ready = await super.plan(...args);
        const graph = { ...ready.graph, nodes: ready.graph.nodes.slice(0, -1) };
        return { ...ready, graph: { ...graph, output: graph.nodes.at(-1).id } };
      }
    }
    const subject = { style: 'gradient', version: 1 };
    await expect(planCase(seal, kernel, new Deaf(loadModel), subject, 1)).rejects.toMatchObject({
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

describe('the README’s figures', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = [
    ...readme.matchAll(
      /^\| ([^|]+) \| (\S+) ms \((\S+) ms\) \| (\S+) ms \((\S+) ms\) \| (\S+)× \((\S+)×\) \|$/gm,
    ),
  ];

  it('name what they measure as the benchmark does, and no plan without what it includes', () => {
    const names = rows.map(([, name]) => name);
    expect(names.length).toBeGreaterThanOrEqual(6);
    const plans = names.filter((name) => /version/.test(name));
    expect(plans.length).toBeGreaterThanOrEqual(2);
    for (const name of plans)
      expect(name).toMatch(/^\w+ version \d+, (weights encoded before|encoding its weights)$/);
  });

  it.each(rows.map((row) => [...row].slice(1)))('are quotients of one another: %s', (_, ...figures) => {
    const [seal, sealLeast, kernel, kernelLeast, ratio, leastRatio] = figures.map(Number);
    // As many digits as the quotient is given with.
    const given = (text: string): number => text.split('.')[1]?.length ?? 0;
    expect((seal / kernel).toFixed(given(figures[4]))).toBe(ratio.toFixed(given(figures[4])));
    expect((sealLeast / kernelLeast).toFixed(given(figures[5]))).toBe(leastRatio.toFixed(given(figures[5])));
    expect(sealLeast).toBeLessThanOrEqual(seal);
    expect(kernelLeast).toBeLessThanOrEqual(kernel);
  });
});
