// One suite over every backend: each operation against what it means, on the same slots.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HandleWatch, loadMeasuredSeal, watchHandles } from '../../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../../fixtures/kernel-watch.ts';
import { runPlan } from '../../../fixtures/run-plan.ts';
import { TestKeys } from '../../../fixtures/seal-keys.ts';
import { randomCiphertext, randomPlan, SMALL } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import type { SealModule } from '../../seal/load.ts';
import { type Diagonal, droppedPrime, outLevel, rotationSteps } from '../../plan/plan.ts';
import { verifyPlan } from '../../plan/verify.ts';
import type { Backend, KeyedBackend } from '../backend.ts';
import { ClearBackend, type ClearCiphertext } from './clear/clear-backend.ts';
import { SealBackend, type SealCiphertext } from './seal/seal-backend.ts';
import { SimdBackend } from './simd/simd-backend.ts';
import type { SimdCiphertext } from './simd/simd-operations.ts';

const SLOTS = SMALL.slots;
const SCALE = 2 ** 24;
const STEPS = [1, 2, 4, SLOTS - 3];

let seal: SealModule;
let keys: TestKeys;
let sealBackend: SealBackend;
let simdBackend: SimdBackend;
let handles: HandleWatch;
let kernels: KernelWatch;
beforeAll(async () => {
  seal = await loadMeasuredSeal();
  keys = new TestKeys(seal, SMALL);
  sealBackend = new SealBackend(seal, SMALL);
  simdBackend = await SimdBackend.create(kernelBytes(), SMALL);
  const evaluationKeys = keys.evaluationKeys(STEPS);
  for (const backend of [sealBackend, simdBackend]) backend.addKeys(evaluationKeys);
  handles = watchHandles();
  kernels = watchKernels();
});
afterEach(() => {
  expect(handles.live()).toEqual([]);
  expect(kernels.live()).toBe(0);
});
afterAll(() => {
  handles.stop();
  kernels.stop();
  sealBackend[Symbol.dispose]();
  simdBackend[Symbol.dispose]();
  // Nothing but tables and scratch is left of it.
  expect(simdBackend.kernel.memory).toMatchObject({ handles: 0, handleBytes: 0 });
  keys[Symbol.dispose]();
});

/** A backend with ways in and out of it. */
interface Subject<C> {
  readonly backend: Backend<C>;
  enter(slots: Float64Array, level?: number): C;
  leave(ciphertext: C): Float64Array;
}

const clear: Subject<ClearCiphertext> = {
  backend: new ClearBackend(SMALL),
  enter: (slots) => ({ slots: slots.slice() }),
  leave: ({ slots }) => slots,
};
/** A backend that computes on ciphertexts. */
function encrypted<C>(backend: () => KeyedBackend<C>): Subject<C> {
  return {
    get backend() {
      return backend();
    },
    enter: (slots, level) => backend().load(keys.encrypt(slots, SCALE, level)),
    leave: (ciphertext) => {
      const slots = keys.decrypt(backend().save(ciphertext));
      backend().free(ciphertext);
      return slots;
    },
  };
}
const sealed: Subject<SealCiphertext> = encrypted(() => sealBackend);
const fast: Subject<SimdCiphertext> = encrypted(() => simdBackend);

const random = seededRandom(1);
const slots = (): Float64Array => Float64Array.from({ length: SLOTS }, () => random() - 0.5);
const vector = (): Diagonal & { kind: 'vector' } => ({ kind: 'vector', values: Float32Array.from(slots()) });

/** Root mean square of the differences. Key switching is a hundred times noisier in slot 0 than in the others. */
function deviation(actual: Float64Array, expected: (slot: number) => number): number {
  expect(actual).toHaveLength(SLOTS);
  return Math.sqrt(actual.reduce((sum, value, i) => sum + (value - expected(i)) ** 2, 0) / SLOTS);
}

/** One slot that is wrong by 0.05 is enough to fail. */
function expectSlots(actual: Float64Array, expected: (slot: number) => number): void {
  expect(deviation(actual, expected)).toBeLessThan(1e-3);
}

function suite<C>(subject: Subject<C>): void {
  const { enter, leave } = subject;
  const backend = (): Backend<C> => subject.backend;
  const prime = (level: number): number => droppedPrime(SMALL, level);

  it.each(STEPS)('rotates left by %i and leaves its argument alone', (step) => {
    const a = slots();
    const ciphertext = enter(a);
    const rotated = backend().rotate(ciphertext, step);
    expectSlots(leave(rotated), (i) => a[(i + step) % SLOTS]);
    expectSlots(leave(ciphertext), (i) => a[i]);
  });

  it.each([0, 1, 2])('rotates at level %i', (level) => {
    const a = slots();
    const ciphertext = enter(a, level);
    expectSlots(leave(backend().rotate(ciphertext, 1)), (i) => a[(i + 1) % SLOTS]);
    backend().free(ciphertext);
  });

  it.each([1, 2])('multiplies by scalars and vectors, sums, and rescales at level %i', (level) => {
    const [a, b, d] = [slots(), slots(), vector()];
    const [ca, cb] = [enter(a, level), enter(b, level)];
    let sum = backend().multiplyAdd(undefined, ca, { kind: 'scalar', value: -0.75 }, prime(level));
    sum = backend().multiplyAdd(sum, cb, d, prime(level));
    sum = backend().multiplyAdd(sum, ca, { kind: 'scalar', value: 0.25 }, prime(level));
    const result = backend().rescale(sum, SCALE);
    expectSlots(leave(result), (i) => -0.5 * a[i] + d.values[i] * b[i]);
    backend().free(ca);
    backend().free(cb);
  });

  it('takes factors that round to zero', () => {
    const [a, b] = [slots(), slots()];
    const [ca, cb] = [enter(a), enter(b)];
    const tiny: Diagonal = { kind: 'vector', values: new Float32Array(SLOTS).fill(1e-12) };
    const one: Diagonal = { kind: 'vector', values: new Float32Array(SLOTS) };
    one.values[7] = 2 ** -20;
    for (const diagonal of [tiny, one, { kind: 'scalar', value: 0 } as const]) {
      let sum = backend().multiplyAdd(undefined, ca, diagonal, 2 ** 20);
      sum = backend().multiplyAdd(sum, cb, { kind: 'scalar', value: 0.5 }, 2 ** 20);
      sum = backend().multiplyAdd(sum, ca, diagonal, 2 ** 20);
      expectSlots(leave(sum), (i) => 0.5 * b[i]);
    }
    backend().free(ca);
    backend().free(cb);
  });

  it('adds', () => {
    const [a, b] = [slots(), slots()];
    expectSlots(leave(backend().add(enter(a), enter(b))), (i) => a[i] + b[i]);
  });

  it.each([0, 1, 2])('adds constants at level %i, scalars and vectors', (level) => {
    const [a, d] = [slots(), vector()];
    const ciphertext = enter(a, level);
    backend().addConstant(ciphertext, { kind: 'scalar', value: -0.125 });
    backend().addConstant(ciphertext, d);
    backend().addConstant(ciphertext, { kind: 'scalar', value: 0 });
    backend().addConstant(ciphertext, { kind: 'vector', values: new Float32Array(SLOTS) });
    expectSlots(leave(ciphertext), (i) => a[i] - 0.125 + d.values[i]);
  });

  it.each([1, 2])('squares at level %i and leaves its argument alone', (level) => {
    const a = slots();
    const ciphertext = enter(a, level);
    const square = backend().square(ciphertext, SCALE ** 2 / prime(level));
    expectSlots(leave(square), (i) => a[i] ** 2);
    expectSlots(leave(ciphertext), (i) => a[i]);
  });
}

/** What only general networks have: products of two, folds, chains. */
function productSuite<C>(subject: Subject<C>): void {
  it.each([1, 2])('multiplies two at level %i and leaves both alone', (level) => {
    const { backend, enter, leave } = subject;
    const [a, b] = [slots(), slots()];
    const [ca, cb] = [enter(a, level), enter(b, level)];
    const product = backend.multiply(ca, cb, SCALE ** 2 / droppedPrime(SMALL, level));
    expectSlots(leave(product), (i) => a[i] * b[i]);
    expectSlots(leave(ca), (i) => a[i]);
    expectSlots(leave(cb), (i) => b[i]);
  });

  it.each([true, false])('folds: rotates and sums without factors, rescale %s', async (rescale) => {
    const { backend, enter, leave } = subject;
    const [a, b] = [slots(), slots()];
    const one = { kind: 'scalar', value: 1 } as const;
    const [step] = STEPS;
    const term = (input: number, by: number) => ({ input, step: by, diagonal: one });
    const bias = { kind: 'scalar', value: 0.25 } as const;
    const rows = [
      { sums: [{ giantStep: 0, terms: [term(0, 0), term(0, step)] }], bias },
      { sums: [{ giantStep: 0, terms: [term(1, 0)] }], bias: undefined },
    ];
    const inScale = rescale ? SCALE * droppedPrime(SMALL, 2) : SCALE;
    const scales = { inScale, plainScale: 1, rescale, outScale: SCALE };
    const raise = (ciphertext: C): C => {
      if (!rescale) return ciphertext;
      const raised = backend.multiplyAdd(undefined, ciphertext, one, droppedPrime(SMALL, 2));
      backend.free(ciphertext);
      return raised;
    };
    const method = 'rotate-and-sum';
    const stage = { kind: 'linear', layers: ['fold'], level: 2, ...scales, method, rows } as const;
    const plan = { name: 'f', parameters: SMALL, inputCount: 2, inputScale: inScale, stages: [stage] };
    const [folded, kept] = await runPlan(backend, verifyPlan(plan), [raise(enter(a)), raise(enter(b))]);
    expectSlots(leave(folded), (i) => a[i] + a[(i + step) % SLOTS] + 0.25);
    expectSlots(leave(kept), (i) => b[i]);
  });

  it.each([false, true])('chains giant steps with the key of one, streamed %s', async (isStreamed) => {
    const { backend, enter, leave } = subject;
    const [a, d, e, f] = [slots(), vector(), vector(), vector()];
    const [unit, baby] = STEPS;
    const sum = (links: number, step: number, diagonal: Diagonal) => ({
      giantStep: links * unit,
      terms: [{ input: 0, step, diagonal }],
    });
    // A link is missing in between, and the first sum is to be rotated as well.
    const rows = [
      { sums: [sum(1, baby, d), sum(3, 0, e)], bias: undefined },
      { sums: [sum(0, 0, f)], bias: undefined },
    ];
    const scales = { inScale: SCALE, plainScale: droppedPrime(SMALL, 2), rescale: true, outScale: SCALE };
    const way = {
      method: 'chained',
      giantUnit: unit,
      ...(isStreamed && { isStreamed: true as const }),
    } as const;
    const stage = { kind: 'linear', layers: ['chain'], level: 2, ...scales, ...way, rows } as const;
    const plan = { name: 'c', parameters: SMALL, inputCount: 1, inputScale: SCALE, stages: [stage] };
    expect(rotationSteps(plan)).toEqual([unit, baby].sort((x, y) => x - y));
    const [chained, plain] = await runPlan(backend, verifyPlan(plan), [enter(a)]);
    const at = (i: number, links: number, step = 0): number => a[(i + links * unit + step) % SLOTS];
    expectSlots(
      leave(chained),
      (i) => d.values[(i + unit) % SLOTS] * at(i, 1, baby) + e.values[(i + 3 * unit) % SLOTS] * at(i, 3),
    );
    expectSlots(leave(plain), (i) => f.values[i] * a[i]);
  });

  it('runs a product stage: products, squares, and values carried on', async () => {
    const { backend, enter, leave } = subject;
    const [a, b] = [slots(), slots()];
    const outScale = SCALE ** 2 / droppedPrime(SMALL, 2);
    const pairs = [
      { left: 0, right: 1 },
      { left: 1, right: 1 },
      { left: 0, right: undefined },
    ];
    const stage = { kind: 'product', layers: ['pairs'], level: 2, inScale: SCALE, outScale, pairs } as const;
    const plan = { name: 'p', parameters: SMALL, inputCount: 2, inputScale: SCALE, stages: [stage] };
    const [ab, bb, carried] = await runPlan(backend, verifyPlan(plan), [enter(a), enter(b)]);
    expectSlots(leave(ab), (i) => a[i] * b[i]);
    expectSlots(leave(bb), (i) => b[i] ** 2);
    expectSlots(leave(carried), (i) => a[i]);
  });
}

describe('the clear backend', () => (suite(clear), productSuite(clear)));
describe('the SEAL backend', () => (suite(sealed), productSuite(sealed), planSuite(sealed)));
describe('the SIMD backend', () => (suite(fast), productSuite(fast), planSuite(fast)));

/** Random plans, whose stages this backend may run in its own way, against the simulation. */
function planSuite<C>(subject: Subject<C>): void {
  it.each([3, 4, 8, 10, 21, 22, 23, 24])('computes random plan %i as the simulation does', async (seed) => {
    const { backend } = subject;
    const source = seededRandom(seed);
    const plan = randomPlan(source, SMALL);
    const inputs = Array.from({ length: plan.inputCount }, () =>
      Float64Array.from({ length: SLOTS }, () => source() - 0.5),
    );
    expect(rotationSteps(plan).every((step) => STEPS.includes(step))).toBe(true);
    const expected = await runPlan(
      clear.backend,
      plan,
      inputs.map((input) => clear.enter(input)),
    );
    const actual = await runPlan(
      backend,
      plan,
      inputs.map((input) => backend.load(keys.encrypt(input, plan.inputScale))),
    );
    const last = plan.stages.at(-1)!;
    actual.forEach((ciphertext, index) => {
      const saved = backend.save(ciphertext);
      expect(saved).toMatchObject({ level: outLevel(last), scale: last.outScale, size: 2 });
      backend.free(ciphertext);
      // Two squares leave a scale of 2^18: some bits of the result are noise.
      expect(deviation(keys.decrypt(saved), (i) => expected[index].slots[i])).toBeLessThan(0.01);
    });
  });
}

/** What holds of every backend that takes keys. */
function keyedSuite<C extends object>(
  subject: Subject<C>,
  create: () => KeyedBackend<C> | Promise<KeyedBackend<C>>,
): void {
  const { enter } = subject;
  const keyed = (): KeyedBackend<C> => subject.backend as KeyedBackend<C>;

  it('says which key is missing, and leaves nothing behind', async () => {
    using bare = await create();
    const ciphertext = bare.load(randomCiphertext(random, SMALL, 2));
    const missing = expect.objectContaining({ code: 'missing-key', stage: 'server' });
    expect(() => bare.rotate(ciphertext, 1)).toThrow(missing);
    expect(() => bare.square(ciphertext, SCALE)).toThrow(missing);
    bare.addKeys({
      relinearization: keys.relinearizationKey(),
      rotations: new Map([[2, keys.rotationKey(2)]]),
    });
    expect(() => bare.rotate(ciphertext, 1)).toThrow(missing);
    bare.free(bare.rotate(ciphertext, 2));
    bare.free(bare.square(ciphertext, 2 ** 22));
    bare.free(ciphertext);
  });

  it('replaces the keys of an earlier client by those of a new one, step by step', async () => {
    using other = new TestKeys(seal, SMALL);
    using backend = await create();
    const held = (): number => handles.live().filter((name) => name === 'GaloisKeys').length + kernels.live();
    backend.addKeys(other.evaluationKeys([1, 2]));
    const before = held();
    backend.addKeys(keys.evaluationKeys([1]));
    backend.addKeys(keys.evaluationKeys([2]));
    backend.addKeys(keys.evaluationKeys([1, 2]));
    expect(held()).toBe(before);
    const a = slots();
    const ciphertext = backend.load(keys.encrypt(a, SCALE));
    for (const step of [1, 2]) {
      const rotated = backend.rotate(ciphertext, step);
      expectSlots(keys.decrypt(backend.save(rotated)), (i) => a[(i + step) % SLOTS]);
      backend.free(rotated);
    }
    const square = backend.square(ciphertext, SCALE ** 2 / droppedPrime(SMALL, 2));
    expectSlots(keys.decrypt(backend.save(square)), (i) => a[i] ** 2);
    backend.free(square);
    backend.free(ciphertext);
  });

  it('leaves nothing behind when an operation is refused', () => {
    const low = enter(slots(), 0);
    const high = enter(slots(), 2);
    expect(() => keyed().add(low, high)).toThrow();
    expect(() => keyed().rescale(low, 1)).toThrow();
    expect(() => keyed().square(low, 1)).toThrow();
    keyed().free(low);
    keyed().free(high);
  });

  it('keeps the plan’s scale after a rescale and a square, not the one that SEAL rounds', () => {
    const a = slots();
    // A hundred times finer than what the slots could show, and far more than rounding would explain.
    const nudged = SCALE * (1 + 1e-6);
    const ciphertext = sealed.enter(a);
    const product = sealBackend.multiplyAdd(
      undefined,
      ciphertext,
      { kind: 'scalar', value: 1 },
      droppedPrime(SMALL, 2),
    );
    const square = sealBackend.square(ciphertext, nudged);
    const rescaled = sealBackend.rescale(product, nudged);
    expect(sealBackend.save(rescaled).scale).toBe(nudged);
    expect(sealBackend.save(square).scale).toBe(nudged);
    expectSlots(sealed.leave(rescaled), (i) => a[i]);
    sealBackend.free(square);
    sealBackend.free(ciphertext);
  });

  it('gives back what it loads, to the byte', () => {
    const ciphertext = randomCiphertext(random, SMALL, 1);
    const handle = keyed().load(ciphertext);
    expect(keyed().save(handle)).toEqual(ciphertext);
    keyed().free(handle);
    expect(keyed().memoryBytes()).toBeGreaterThan(1 << 20);
  });
}

describe('the SEAL backend', () => keyedSuite(sealed, () => new SealBackend(seal, SMALL)));
describe('the SIMD backend', () => keyedSuite(fast, () => SimdBackend.create(kernelBytes(), SMALL)));

describe('the SIMD and the SEAL backend', () => {
  it('give the same bytes for everything but encoded vectors and hoisted sums', () => {
    const run = <C>(backend: Backend<C>): Uint32Array => {
      const source = seededRandom(5);
      const random = (): C => backend.load({ ...randomCiphertext(source, SMALL, 2), scale: SCALE });
      const added = backend.add(random(), random());
      const rotated = backend.rotate(added, 4);
      let sum = backend.multiplyAdd(undefined, rotated, { kind: 'scalar', value: -0.3 }, 2 ** 20);
      sum = backend.multiplyAdd(sum, rotated, { kind: 'scalar', value: 0.7 }, 2 ** 20);
      const low = backend.rescale(sum, SCALE);
      backend.addConstant(low, { kind: 'scalar', value: 0.25 });
      const square = backend.square(low, SCALE);
      const { words } = backend.save(square);
      for (const ciphertext of [added, rotated, low, square]) backend.free(ciphertext);
      return words;
    };
    const expected = run(sealBackend);
    expect(run(simdBackend).filter((word, index) => word !== expected[index])).toHaveLength(0);
  });
});
