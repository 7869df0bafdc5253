// Linear stages as the SIMD backend runs them: the same as the simulation, tile by tile, and nothing left behind.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadMeasuredSeal } from '../../../../fixtures/handle-count.ts';
import { kernelBytes, type KernelWatch, watchKernels } from '../../../../fixtures/kernel-watch.ts';
import { runStages } from '../../../../fixtures/run-plan.ts';
import { TestKeys } from '../../../../fixtures/seal-keys.ts';
import { SMALL } from '../../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../../fixtures/styled-codes.ts';
import { SealedError } from '../../../base/errors.ts';
import { type Diagonal, droppedPrime, type LinearRow, type Term, sumMethodOf } from '../../../plan/plan.ts';
import type { Checkpoint, LinearPart } from '../../backend.ts';
import { ClearBackend, type ClearCiphertext } from '../clear/clear-backend.ts';
import type { Values } from '../../interpreter.ts';
import { SimdBackend } from './simd-backend.ts';
import type { SimdCiphertext } from './simd-operations.ts';

const SCALE = 2 ** 24;
const INPUTS = 6;
const GIANTS = [0, 8, 16];
const BABIES = [0, 1, 2, 3];

const random = seededRandom(9);
const slots = (): Float64Array => Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);
const vector = (): Diagonal => ({ kind: 'vector', values: Float32Array.from(slots()) });
const scalar = (): Diagonal => ({ kind: 'scalar', value: random() - 0.5 });
const term = (input: number, step: number, diagonal: Diagonal): Term => ({ input, step, diagonal });
const row = (terms: readonly Term[], bias?: Diagonal): LinearRow => ({
  sums: [{ giantStep: 0, terms }],
  bias,
});

/** A stage at the top level; without a rescale its factors lie at 2^20. */
function part(rows: readonly LinearRow[], rescale = true): LinearPart {
  const plainScale = rescale ? droppedPrime(SMALL, 2) : 2 ** 20;
  const outScale = rescale ? SCALE : SCALE * plainScale;
  const outputs = rows.map((_, index) => 7 * index + 3);
  const common = { kind: 'linear', layers: ['test'], level: 2, inScale: SCALE } as const;
  const method = sumMethodOf({ rows, plainScale });
  return { ...common, plainScale, outScale, rescale, method, rows, outputs };
}

const inputs = Array.from({ length: INPUTS }, slots);
let keys: TestKeys;
let backend: SimdBackend;
let kernels: KernelWatch;
let memory: number;
beforeAll(async () => {
  keys = new TestKeys(await loadMeasuredSeal(), SMALL);
  backend = await SimdBackend.create(kernelBytes(), SMALL);
  backend.addKeys(keys.evaluationKeys([...GIANTS, ...BABIES].filter((step) => step !== 0)));
  kernels = watchKernels();
  memory = backend.kernel.memory.handleBytes;
});
afterEach(() => {
  expect(kernels.live()).toBe(0);
  expect(backend.kernel.memory.handleBytes).toBe(memory);
});
afterAll(() => {
  kernels.stop();
  backend[Symbol.dispose]();
  keys[Symbol.dispose]();
});

const loaded = (): Values<SimdCiphertext> =>
  new Map(inputs.map((values, index) => [index, backend.load(keys.encrypt(values, SCALE))]));

/** Runs `stage` on the kernel and in the simulation, and compares every slot of every output. */
async function expectAlike(stage: LinearPart, tolerance = 1e-3): Promise<void> {
  const clear = new ClearBackend(SMALL);
  const simulated: Values<ClearCiphertext> = new Map(
    inputs.map((values, index) => [index, { slots: values.slice() }]),
  );
  const expected = await runStages(clear, [stage], simulated);
  const actual = await runStages(backend, [stage], loaded());
  expect([...actual.keys()].sort((a, b) => a - b)).toEqual([...stage.outputs]);
  for (const [output, ciphertext] of actual) {
    const saved = backend.save(ciphertext);
    backend.free(ciphertext);
    expect(saved).toMatchObject({ size: 2, scale: stage.outScale, level: stage.rescale ? 1 : 2 });
    const values = keys.decrypt(saved);
    const reference = expected.get(output)!.slots;
    expect(Math.max(...values.map((value, i) => Math.abs(value - reference[i])))).toBeLessThan(tolerance);
  }
}

describe('linear stages on the kernel', () => {
  it.each([true, false])('mixes by scalars, tile by tile in any order, rescaled: %s', async (rescale) => {
    const rows = [
      row([term(3, 0, scalar()), term(5, 0, scalar())], scalar()),
      row([term(0, 0, scalar())]),
      row([term(4, 0, scalar()), term(5, 0, scalar())], vector()),
      row([term(2, 0, scalar()), term(1, 0, scalar()), term(2, 0, scalar())], vector()),
      row([term(1, 0, { kind: 'scalar', value: 0 })]),
      // Joins the two tiles that were apart so far.
      row([term(0, 0, scalar()), term(1, 0, scalar())]),
    ];
    await expectAlike(part(rows, rescale));
  });

  it.each([true, false])('multiplies by fields without rotating, rescaled: %s', async (rescale) => {
    const rows = Array.from({ length: 5 }, (_, index) =>
      row(
        Array.from({ length: 1 + index }, (_, i) =>
          term((index + i) % INPUTS, 0, i % 3 === 1 ? scalar() : vector()),
        ),
        [undefined, scalar(), vector()][index % 3],
      ),
    );
    await expectAlike(part(rows, rescale));
  });

  it('sums more products than a 64-bit lane holds', async () => {
    const terms = Array.from({ length: 300 }, (_, i) => term(i % INPUTS, 0, vector()));
    await expectAlike(part([row(terms)]), 5e-3);
  });

  it.each([true, false])('sums rotated products by baby and giant steps, rescaled: %s', async (rescale) => {
    const rows = Array.from({ length: 3 }, (_, index) => ({
      sums: GIANTS.slice(index).map((giantStep) => ({
        giantStep,
        terms: [0, 1, 3].flatMap((input) =>
          BABIES.map((step) => term(input, step, step === 2 ? scalar() : vector())),
        ),
      })),
      bias: [undefined, scalar(), vector()][index],
    }));
    await expectAlike(part(rows, rescale), 5e-3);
  });

  it.each([true, false])('shares few rotations between many rows, rescaled: %s', async (rescale) => {
    const rows = Array.from({ length: 7 }, (_, index) =>
      row(
        [0, 1].flatMap((input) =>
          BABIES.map((step) => term(input, step, (index + step) % 3 === 2 ? scalar() : vector())),
        ),
        [undefined, scalar(), vector()][index % 3],
      ),
    );
    await expectAlike(part(rows, rescale), 5e-3);
  });

  it.each(['matrix', 'products', 'hoisted', 'rotate-and-sum'] as const)(
    'takes a worker’s empty share of a stage, by %s',
    async (method) => {
      await expectAlike({ ...part([]), method });
    },
  );

  it('makes the sums by the method that the stage says, whatever its share of rows would choose', async () => {
    const rows = Array.from({ length: 4 }, () => row(BABIES.map((step) => term(0, step, vector()))));
    const whole = part(rows);
    expect([whole.method, part(rows.slice(0, 1)).method]).toEqual(['products', 'hoisted']);
    const encrypted = keys.encrypt(inputs[0], SCALE);
    const bytesOf = async (stage: LinearPart): Promise<Uint8Array[]> => {
      const results = await runStages(backend, [stage], new Map([[0, backend.load(encrypted)]]));
      return [...results.values()].map((ciphertext) => {
        const { words } = backend.save(ciphertext);
        backend.free(ciphertext);
        return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      });
    };
    const made = [];
    for (const method of ['products', 'hoisted'] as const) {
      const all = await bytesOf({ ...whole, method });
      const [share] = await bytesOf({ ...part(rows.slice(0, 1)), method });
      expect(Buffer.compare(share, all[0])).toBe(0);
      made.push(share);
    }
    // They round at different places: to let a share choose would show.
    expect(Buffer.compare(made[0], made[1])).not.toBe(0);
  });

  it.each([
    ['scalars', () => term(0, 0, { kind: 'scalar', value: Infinity })],
    ['fields', () => term(0, 0, { kind: 'vector', values: new Float32Array(SMALL.slots).fill(Infinity) })],
    ['rotated fields', () => term(0, 1, { kind: 'vector', values: new Float32Array(SMALL.slots).fill(NaN) })],
  ])('refuses %s that are not finite, and keeps nothing', async (_, bad) => {
    const rows = [
      row([term(0, 0, bad().diagonal.kind === 'scalar' ? scalar() : vector())], vector()),
      row([bad()]),
    ];
    using runner = backend.linearRunner(part(rows));
    await expect(runner.prepare(() => Promise.resolve())).rejects.toBeInstanceOf(SealedError);
  });

  it('says which key is missing in mid-run, and keeps nothing', async () => {
    const rows = [row([term(0, 1, vector()), term(0, 5, vector())])];
    await expect(runStages(backend, [part(rows)], loaded())).rejects.toMatchObject({ code: 'missing-key' });
    const shared = [1, 2].map(() => row([term(0, 1, vector()), term(0, 5, vector())]));
    await expect(runStages(backend, [part(shared)], loaded())).rejects.toMatchObject({ code: 'missing-key' });
    const giant = [{ sums: [{ giantStep: 24, terms: [term(1, 0, vector())] }], bias: undefined }];
    await expect(runStages(backend, [part(giant)], loaded())).rejects.toMatchObject({ code: 'missing-key' });
  });

  it.each([
    ['scalars', 0, scalar],
    ['fields', 0, vector],
    ['rotated fields', 1, vector],
  ] as const)('stops at any checkpoint of a stage of %s, and keeps nothing', async (_, step, diagonal) => {
    const stage = part([0, 1, 2].map((input) => row([term(input, step, diagonal())])));
    let stops = 0;
    for (let stopAt = 1; ; stopAt += 1) {
      let calls = 0;
      let finished = 0;
      const checkpoint: Checkpoint = async (made) => {
        calls += 1;
        finished += made;
        if (calls === stopAt) throw new SealedError('aborted', 'Stopped.');
      };
      try {
        const results = await runStages(backend, [stage], loaded(), checkpoint);
        for (const ciphertext of results.values()) backend.free(ciphertext);
        expect(finished).toBe(stage.outputs.length);
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: 'aborted' });
        expect(kernels.live()).toBe(0);
        stops += 1;
      }
    }
    expect(stops).toBeGreaterThanOrEqual(3);
  });

  it('does not grow from run to run', async () => {
    const stage = part([
      row([term(0, 1, vector()), term(1, 2, vector())]),
      row([term(2, 3, vector())], vector()),
    ]);
    const runner = backend.linearRunner(stage);
    await runner.prepare(() => Promise.resolve());
    const reserved: number[] = [];
    for (let run = 0; run < 6; run += 1) {
      const values = loaded();
      await runner.run(
        backend,
        values,
        () => Promise.resolve(),
        (_, ciphertext) => backend.free(ciphertext),
      );
      for (const ciphertext of values.values()) backend.free(ciphertext);
      reserved.push(backend.memoryBytes());
    }
    runner[Symbol.dispose]();
    expect(reserved.at(-1)).toBe(reserved[1]);
  });
});
