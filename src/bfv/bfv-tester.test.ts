// BFV sets on small networks: whole numbers exact against BigInt, squares in slots, and refusals whose advice works.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph, Node, NodeOf, Shape } from '../model/graph.ts';
import { batchingPrimeFrom } from '../params/plain-modulus.ts';
import { maxLogQP } from '../params/security.ts';
import type { BfvRefusal, BfvResult, BfvSet } from './bfv-test.ts';
import { loadSeal } from '../seal/load.ts';
import { BfvEvaluation, primeBits } from './bfv-evaluation.ts';
import { layOut } from './bfv-layout.ts';
import { createBfvTester } from './bfv-tester.ts';

const P = 13513511;
const SET: BfvSet = { name: 'x', m: 2048, p: P, sec: 128, base: 2 };

function network(shape: Shape, nodes: readonly Node[]): Graph {
  return { name: 'small', input: { id: 'in', shape }, nodes, output: nodes.at(-1)!.id };
}

const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** A convolution of 4 → `outputs` channels in two groups; `values` gives weights and biases. */
function convolution(
  [height, width]: readonly [number, number],
  { stride, pad, dilation }: { stride: number; pad: number; dilation: number },
  values: readonly number[],
): NodeOf<'conv2d'> {
  const size = (n: number): number => Math.floor((n + 2 * pad - dilation - 1) / stride) + 1;
  const data = Float32Array.from({ length: 2 * 2 * 2 * 2 }, (_, i) => values[i % values.length]);
  return {
    id: 'c',
    inputs: ['in'],
    op: 'conv2d',
    shape: [2, size(height), size(width)],
    weight: { shape: [2, 2, 2, 2], data },
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

describe('BfvEvaluation', () => {
  it.each([
    ['coefficients', 2048, P],
    ['slots', 4096, 2 ** 23],
  ])('computes convolutions in %s exactly', async (_, m, nearP) => {
    const seal = await loadSeal();
    const batching = m === 4096;
    const p = batching ? batchingPrimeFrom(nearP, m)! : nearP;
    using evaluation = new BfvEvaluation(seal, { ...SET, m, p }, batching, false);
    const whole = fc.integer({ min: -200, max: 200 });
    fc.assert(
      fc.property(
        fc.record({
          stride: fc.integer({ min: 1, max: 2 }),
          pad: fc.integer({ min: 0, max: 2 }),
          dilation: fc.integer({ min: 1, max: 2 }),
        }),
        fc.array(whole, { minLength: 16, maxLength: 16 }),
        fc.array(whole, { minLength: 4 * 5 * 4, maxLength: 4 * 5 * 4 }),
        (window, weights, input) => {
          const node = convolution([5, 4], window, weights);
          const { inputs, steps } = layOut(network([4, 5, 4], [node]), 1, m);
          const sent = inputs.map((places) =>
            evaluation.encrypt(Array.from(places, (at) => (at < 0 ? 0 : input[at]))),
          );
          const made = evaluation.run(steps[0], sent, 1, 1);
          const expected = reference(node, [4, 5, 4], input);
          const seen = new Set<number>();
          made.forEach((cipher, i) => {
            const { places } = steps[0].ciphertexts[i];
            expect(evaluation.budget(cipher)).toBeGreaterThan(0);
            evaluation.decrypt(cipher, places.length).forEach((value, place) => {
              seen.add(places[place]);
              expect(BigInt(value)).toBe(expected[places[place]]);
            });
          });
          expect(seen.size).toBe(count(node.shape));
          for (const cipher of [...sent, ...made]) cipher.delete();
        },
      ),
      { numRuns: 25 },
    );
  });
});

const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * step));

/** conv → square → average pool → conv → flatten → linear. */
function squared(): Graph {
  const conv = (id: string, from: string, shape: Shape, weight: Shape): Node => ({
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
  });
  return network(
    [1, 8, 8],
    [
      conv('a', 'in', [2, 6, 6], [2, 1, 3, 3]),
      { id: 'b', inputs: ['a'], op: 'square', shape: [2, 6, 6] },
      {
        id: 'p',
        inputs: ['b'],
        op: 'averagePool',
        shape: [2, 3, 3],
        kernel: [2, 2],
        strides: [2, 2],
        pads: [0, 0, 0, 0],
        countIncludePad: true,
      },
      conv('d', 'p', [3, 2, 2], [3, 2, 2, 2]),
      { id: 'f', inputs: ['d'], op: 'reshape', shape: [12] },
      {
        id: 'l',
        inputs: ['f'],
        op: 'linear',
        shape: [4],
        weight: { shape: [4, 12], data: wave(48, 1.1) },
        bias: { shape: [4], data: wave(4, 2) },
      },
    ],
  );
}

const pictures = [wave(64, 0.11), wave(64, 0.23), wave(64, 0.31)];

async function outcome(set: Partial<BfvSet>, graph = squared()): Promise<BfvResult | BfvRefusal> {
  return createBfvTester().test({ set: { ...SET, ...set }, graph, inputs: pictures });
}

function ran(result: BfvResult | BfvRefusal): BfvResult {
  if (!result.ran) expect.fail(result.reason);
  return result;
}

function refused(result: BfvResult | BfvRefusal): BfvRefusal {
  if (result.ran) expect.fail('it ran');
  return result;
}

describe('createBfvTester', () => {
  it('squares in slots, several pictures in a ciphertext, with no error but that of rounding', async () => {
    const result = ran(await outcome({ m: 8192, p: batchingPrimeFrom(2 ** 36, 8192)! }));
    expect(result.packing).toBe('slots');
    expect(result.layers.map(({ type }) => type)).toEqual([
      'conv2d',
      'square',
      'averagePool',
      'conv2d',
      'reshape',
      'linear',
    ]);
    const budgets = result.layers.map(({ noiseBudgetBits }) => noiseBudgetBits);
    expect(budgets.every((bits, i) => bits > 0 && (i === 0 || bits <= budgets[i - 1]))).toBe(true);
    // The reference is in float32.
    expect(result.maxAbsError).toBeCloseTo(result.fixedPoint.roundingError, 4);
    expect(result.bytes.evaluationKeys).toBeGreaterThan(0);
  });

  it.each([2048, 4096, 8192, 16384, 32768])(
    'keeps to the stricter table at m = %i, as CKKS does',
    async (m) => {
      const seal = await loadSeal();
      const total = (sec: number): number => primeBits(seal, m, sec).reduce((sum, bits) => sum + bits, 0);
      expect(total(128)).toBe(maxLogQP(m));
      // SEAL's own defaults do not: without our rule this would be one of them.
      using own = seal.CoeffModulus.BFVDefault(m, seal.SecLevelType.tc128);
      const ownBits = Array.from({ length: own.size() }, (_, i) => own.get(i)!.bitCount());
      expect(ownBits.reduce((sum, bits) => sum + bits, 0)).toBeGreaterThan(maxLogQP(m)!);
      expect(total(192)).toBeLessThan(total(128));
    },
  );

  it('refuses squares without slots, and proposes an m and p that do', async () => {
    const refusal = refused(await outcome({}));
    expect(refusal.reason).toMatch(/Layer 'b' squares.*1 modulo 4096/);
    expect(refusal.nearest!['p'] % (2 * refusal.nearest!['m'])).toBe(1);
    ran(await outcome(refusal.nearest!));
  });

  it('refuses a p that holds no useful fixed point, and proposes one that does', async () => {
    const graph = network([1, 8, 8], squared().nodes.slice(0, 1));
    const refusal = refused(await outcome({ p: 11 }, graph));
    expect(refusal).toMatchObject({ code: 'does-not-fit' });
    expect(refusal.reason).toMatch(/No fixed point of base 2.*p of at least/);
    ran(await outcome(refusal.nearest!, graph));
  });

  it('refuses where the noise budget does not last, and proposes a degree that does', async () => {
    const graph = network([1, 8, 8], squared().nodes.slice(0, 1));
    const refusal = refused(await outcome({ p: 2 ** 35 + 1, sec: 192 }, graph));
    expect(refusal.reason).toMatch(/noise budget/);
    ran(await outcome({ p: 2 ** 35 + 1, sec: 192, ...refusal.nearest }, graph));
  });

  it.each<[Partial<BfvSet>, Record<string, number>]>([
    [{ m: 3000 }, { m: 2048 }],
    [{ sec: 200 }, { sec: 192 }],
    [{ base: 1 }, { base: 2 }],
  ])('refuses %o', async (set, nearest) => {
    expect(refused(await outcome(set)).nearest).toEqual(nearest);
  });

  it('refuses by name a layer that BFV cannot do', async () => {
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
