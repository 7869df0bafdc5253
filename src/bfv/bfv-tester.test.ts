// BFV sets on small networks: values in digits and in slots as exact arithmetic has them, causes named, proposals that work.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph, Node, NodeOf, Shape } from '../model/graph.ts';
import { batchingPrimeFrom } from '../params/plain-modulus.ts';
import { loadSeal } from '../seal/load.ts';
import { BfvContext } from './bfv-context.ts';
import { type BfvRefusal, type BfvResult, type BfvSet, type BfvTest, PYFHEL_DEFAULTS } from './bfv-test.ts';
import { createBfvTester } from './bfv-tester.ts';
import { SlotLayers } from './slot-layers.ts';
import { layOut } from './slot-layout.ts';

const P = 13513511;
const SET: BfvSet = { name: 'x', ...PYFHEL_DEFAULTS, p: P };

function network(shape: Shape, nodes: readonly Node[]): Graph {
  return { name: 'small', input: { id: 'in', shape }, nodes, output: nodes.at(-1)!.id };
}

const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * step));

function convolution(id: string, from: string, shape: Shape, weight: Shape): NodeOf<'conv2d'> {
  return {
    id,
    inputs: [from],
    op: 'conv2d',
    shape,
    weight: { shape: weight, data: wave(count(weight), 0.7) },
    bias: { shape: [weight[0]], data: wave(weight[0], 0.3) },
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    groups: 1,
  };
}

function pool(id: string, from: string, shape: Shape, pads: readonly [number, number, number, number]): Node {
  return {
    id,
    inputs: [from],
    op: 'averagePool',
    shape,
    kernel: [2, 2],
    strides: [2, 2],
    pads,
    countIncludePad: pads[0] === 0,
  };
}

/** conv → square → average pool → flatten → linear, of 1 × 5 × 5. */
function squared(): Graph {
  return network(
    [1, 5, 5],
    [
      convolution('a', 'in', [2, 4, 4], [2, 1, 2, 2]),
      { id: 'b', inputs: ['a'], op: 'square', shape: [2, 4, 4] },
      pool('p', 'b', [2, 2, 2], [0, 0, 0, 0]),
      { id: 'f', inputs: ['p'], op: 'reshape', shape: [8] },
      {
        id: 'l',
        inputs: ['f'],
        op: 'linear',
        shape: [3],
        weight: { shape: [3, 8], data: wave(24, 1.1) },
        bias: { shape: [3], data: wave(3, 2) },
      },
    ],
  );
}

/** conv → average pool with padding, whose windows have 1, 2 and 4 values. */
function padded(): Graph {
  return network(
    [1, 4, 4],
    [convolution('a', 'in', [2, 3, 3], [2, 1, 2, 2]), pool('p', 'a', [2, 2, 2], [1, 1, 0, 0])],
  );
}

async function outcome(
  set: Partial<BfvSet>,
  graph: Graph,
  more: Partial<BfvTest> = {},
): Promise<BfvResult | BfvRefusal> {
  const inputs = [wave(count(graph.input.shape), 0.11)];
  return createBfvTester().test({
    set: { ...SET, ...set },
    graph,
    inputs,
    refresh: [],
    findNearest: false,
    ...more,
  });
}

function ran(result: BfvResult | BfvRefusal): BfvResult {
  if (!result.ran) expect.fail(result.reason);
  return result;
}

function refused(result: BfvResult | BfvRefusal): BfvRefusal {
  if (result.ran) expect.fail('it ran');
  return result;
}

/** Every layer's budget is no more than the one's before, and there is some. */
function expectLasting({ startBudgetBits, layers }: BfvResult): void {
  const budgets = [startBudgetBits, ...layers.map(({ noiseBudgetBits }) => noiseBudgetBits)];
  budgets.forEach((bits, i) => expect(bits).toBeLessThanOrEqual(budgets[i - 1] ?? Infinity));
  expect(budgets.at(-1)).toBeGreaterThan(0);
}

describe('a value in each ciphertext, in digits', () => {
  it('is what the digits give in the clear, through every kind of layer', async () => {
    const result = ran(await outcome({ m: 4096, p: 2 ** 20 + 7 }, squared()));
    expect(result).toMatchObject({ packing: 'digits', problem: null, nearest: null });
    expect(result.layers.map(({ type }) => type)).toEqual([
      'conv2d',
      'square',
      'averagePool',
      'reshape',
      'linear',
    ]);
    for (const { maxAbsError, bound } of result.layers) expect(maxAbsError).toBeCloseTo(bound, 12);
    expect(result.maxAbsError).toBeGreaterThan(0);
    expectLasting(result);
  });

  it('squares at any p, and keeps a third polynomial where there is no prime for keys', async () => {
    const graph = network(
      [2, 1, 1],
      squared()
        .nodes.slice(1, 2)
        .map((node) => ({ ...node, inputs: ['in'], shape: [2, 1, 1] })),
    );
    const result = ran(await outcome({ p: 11115 }, graph));
    expect(result).toMatchObject({ problem: null, bytes: { evaluationKeys: 0 } });
    expectLasting(result);
  });

  it('divides windows that reach into padding by what they hold', async () => {
    const result = ran(await outcome({}, padded()));
    expect(result.problem).toBeNull();
    // Were one divided by another area, the error would be of the values' size.
    expect(result.maxAbsError).toBeLessThan(1e-7);
    expect(result.layers[1].maxErrorPosition).toHaveLength(4);
  });

  it('pays no log2(p) bits for the single negative coefficient of a quarter', async () => {
    const graph = network([1, 2, 2], [pool('p', 'in', [1, 1, 1], [0, 0, 0, 0])]);
    const { startBudgetBits, layers } = ran(await outcome({}, graph));
    expect(startBudgetBits - layers[0].noiseBudgetBits).toBeLessThan(8);
  });

  it('is new after a refresh, with what decoding read', async () => {
    const graph = {
      ...padded(),
      layers: [
        { index: 0, name: 'a', type: 'Conv2d', output: 'a' },
        { index: 1, name: 'p', type: 'AvgPool2d', output: 'p' },
      ],
    };
    const result = ran(await outcome({}, graph, { refresh: [0] }));
    expect(result.layers.map(({ node }) => node)).toEqual(['sums', 'refresh', 'sums']);
    const [conv, fresh] = result.layers;
    expect(fresh.noiseBudgetBits).toBeGreaterThan(conv.noiseBudgetBits);
    expect(fresh.maxAbsError).toBeCloseTo(conv.maxAbsError, 7);
  });

  it('tells how far it is', async () => {
    const shares: number[] = [];
    const inputs = [wave(16, 0.11)];
    const test = { set: SET, graph: padded(), inputs, refresh: [], findNearest: false };
    await createBfvTester().test(test, { onProgress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThan(10);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const test = { set: SET, graph: padded(), inputs: [wave(16, 0.11)], refresh: [], findNearest: false };
    const call = createBfvTester().test(test, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
  });
});

/** Runs the set that is proposed. */
async function proposed(
  { nearest }: Pick<BfvResult, 'nearest'> | BfvRefusal,
  set: Partial<BfvSet>,
  graph: Graph,
) {
  if (!nearest) expect.fail('nothing is proposed');
  const { changes } = nearest;
  return { nearest, result: ran(await outcome({ ...set, ...changes }, graph)) };
}

describe('a set that fails', () => {
  const conv = network([1, 5, 5], squared().nodes.slice(0, 1));

  it('by a coefficient that passes p/2: the layer is named, and a p that works', async () => {
    const set = { p: 17 };
    const failed = ran(await outcome(set, conv, { findNearest: true }));
    expect(failed.problem).toMatchObject({ kind: 'coefficient', type: 'conv2d' });
    expect(failed.problem!.reason).toMatch(/In layer 0 \(conv2d\) \d+ coefficients? pass(es)? p\/2 = 8/);
    const { nearest, result } = await proposed(failed, set, conv);
    expect(Object.keys(nearest.changes)).toEqual(['p']);
    expect(nearest).toMatchObject({ tried: 'whole', maxAbsError: result.maxAbsError });
    expect(result.problem).toBeNull();
    expect(result.maxAbsError).toBeLessThan(failed.maxAbsError);
  });

  it('by its noise budget: the layer is named, and a set that works', async () => {
    const set = { p: 2 ** 35 + 53, sec: 192 };
    const failed = ran(await outcome(set, conv, { findNearest: true }));
    expect(failed.problem).toMatchObject({
      kind: 'budget',
      reason: expect.stringMatching(/layer 0 \(conv2d\)/) as string,
    });
    expect(failed.layers.at(-1)!.noiseBudgetBits).toBe(0);
    const { result } = await proposed(failed, set, conv);
    expect(result.problem).toBeNull();
  });

  it('by digits that decoding does not read: the layer is named, and digits that work', async () => {
    const set = { fracDigits: 6, m: 4096 };
    const failed = ran(await outcome(set, conv, { findNearest: true }));
    expect(failed.problem).toMatchObject({
      kind: 'digits',
      reason: expect.stringMatching(/digits below 2\^−6/) as string,
    });
    const { nearest, result } = await proposed(failed, set, conv);
    expect(Object.keys(nearest.changes)).toEqual(['fracDigits']);
    expect(result.problem).toBeNull();
  });

  it.each<[Partial<BfvSet>, Partial<BfvSet>]>([
    [{ m: 3000 }, { m: 2048 }],
    [{ sec: 200 }, { sec: 192 }],
    [{ base: 1 }, { base: 2 }],
    [{ p: 1 }, { p: 65537 }],
    [{ intDigits: 0 }, { intDigits: 64 }],
  ])('is refused where it is none (%o), with one that runs', async (set, changes) => {
    const refusal = refused(await outcome(set, conv, { findNearest: true }));
    expect(refusal.code).toBe('invalid-argument');
    const { nearest, result } = await proposed(refusal, set, conv);
    expect(nearest.changes).toMatchObject(changes);
    expect(result.problem).toBeNull();
  });

  it('names a layer that BFV cannot do', async () => {
    const relu: Node = {
      id: 'r',
      inputs: ['in'],
      op: 'activation',
      shape: [1, 8, 8],
      function: { kind: 'relu' },
    };
    const refusal = refused(await outcome({}, network([1, 8, 8], [relu])));
    expect(refusal).toMatchObject({ code: 'unsupported-layer' });
    expect(refusal.reason).toMatch(/'r' \(activation\).*CKKS/);
  });
});

/** A convolution of 4 → 2 channels in two groups; `values` gives weights and biases. */
function grouped(
  [height, width]: readonly [number, number],
  { stride, pad, dilation }: { stride: number; pad: number; dilation: number },
  values: readonly number[],
): NodeOf<'conv2d'> {
  const size = (n: number): number => Math.floor((n + 2 * pad - dilation - 1) / stride) + 1;
  return {
    ...convolution('c', 'in', [2, size(height), size(width)], [2, 2, 2, 2]),
    weight: {
      shape: [2, 2, 2, 2],
      data: Float32Array.from({ length: 16 }, (_, i) => values[i % values.length]),
    },
    bias: { shape: [2], data: Float32Array.of(values[0] + 3, -5) },
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    dilations: [dilation, dilation],
    groups: 2,
  };
}

/** The convolution of 4 channels in whole numbers, element by element. */
function reference(node: NodeOf<'conv2d'>, [, height, width]: Shape, input: readonly number[]): bigint[] {
  const [, outHeight, outWidth] = node.shape;
  return Array.from({ length: count(node.shape) }, (_, element) => {
    const channel = Math.floor(element / (outHeight * outWidth));
    const [row, column] = [Math.floor(element / outWidth) % outHeight, element % outWidth];
    let sum = BigInt(node.bias!.data[channel]);
    for (let k = 0; k < 8; k += 1) {
      const y = row * node.strides[0] - node.pads[0] + (Math.floor(k / 2) % 2) * node.dilations[0];
      const x = column * node.strides[1] - node.pads[1] + (k % 2) * node.dilations[1];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const from = ((channel * 2 + Math.floor(k / 4)) * height + y) * width + x;
      sum += BigInt(node.weight.data[channel * 8 + k]) * BigInt(input[from]);
    }
    return sum;
  });
}

describe('many values in the slots of a ciphertext', () => {
  const whole = (length: number) =>
    fc.array(fc.integer({ min: -200, max: 200 }), { minLength: length, maxLength: length });
  const window = fc.record({
    stride: fc.integer({ min: 1, max: 2 }),
    pad: fc.integer({ min: 0, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
  });

  it('convolves exactly', async () => {
    const set = { m: 4096, p: batchingPrimeFrom(2 ** 23, 4096)!, sec: 128 };
    using context = new BfvContext(await loadSeal(), { set, squares: false });
    using slots = new SlotLayers(context);
    fc.assert(
      fc.property(window, whole(16), whole(80), (options, weights, input) => {
        const node = grouped([5, 4], options, weights);
        const { inputs, steps } = layOut(network([4, 5, 4], [node]), 1, set.m);
        const sent = inputs.map((places) =>
          slots.encrypt(Array.from(places, (at) => (at < 0 ? 0 : input[at]))),
        );
        const expected = reference(node, [4, 5, 4], input);
        const seen = new Set<number>();
        steps[0].ciphertexts.forEach(({ places }, i) => {
          const cipher = slots.make(steps[0], i, sent, 1, 1);
          expect(context.budget(cipher)).toBeGreaterThan(0);
          slots.decrypt(cipher, places.length).forEach((value, place) => {
            seen.add(places[place]);
            expect(BigInt(value)).toBe(expected[places[place]]);
          });
          cipher.delete();
        });
        expect(seen.size).toBe(count(node.shape));
        for (const cipher of sent) cipher.delete();
      }),
      { numRuns: 15 },
    );
  });

  it('convolve, square and pool with no error but that of rounding, flagBatching set', async () => {
    const graph = network([1, 5, 5], squared().nodes.slice(0, 3));
    const p = batchingPrimeFrom(2 ** 36, 8192)!;
    const result = ran(await outcome({ m: 8192, p, flagBatching: true }, graph));
    expect(result).toMatchObject({ packing: 'slots', problem: null });
    expect(result.maxAbsError).toBeCloseTo(result.fixedPoint!.roundingError, 4);
    expect(result.bytes.evaluationKeys).toBeGreaterThan(0);
    expectLasting(result);
  });

  const small = network([1, 5, 5], squared().nodes.slice(0, 1));

  it('refuses a p without slots, and proposes one that has them', async () => {
    const refusal = refused(await outcome({ flagBatching: true }, small, { findNearest: true }));
    expect(refusal.reason).toMatch(/1 modulo 4096, and p = 13513511 is none/);
    const { result } = await proposed(refusal, { flagBatching: true }, small);
    expect(result).toMatchObject({ packing: 'slots', problem: null });
  });

  it('run at the smallest parameters whose error is of use', async () => {
    const graph = small;
    const slots = ran(await createBfvTester().slots({ graph, inputs: [wave(25, 0.11)], refresh: [] }));
    expect(slots).toMatchObject({ packing: 'slots', problem: null, set: { m: 2048 } });
    expect(slots.maxAbsError).toBeLessThan(0.05);
    const digits = ran(await outcome({}, graph));
    expect(slots.bytes.request).toBeLessThan(digits.bytes.request / 3);
  });
});
