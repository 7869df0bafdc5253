// Layers called one by one on ciphertexts: values, levels, scales and bounds, and what is refused.
import { afterAll, describe, expect, it } from 'vitest';
import { executeGraph } from '../model/execute.ts';
import { avgPool2d, conv2d, flatten, linear, openSession, readModel, refresh, square } from './engine.ts';
import { onnxOf } from './layers.ts';

const session = openSession({ evaluators: 1 });
afterAll(() => session.close());

const wave = (count: number, step: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i * step) / 2);
const inputShape = [1, 6, 6];
const picture = wave(36, 0.7);
const layers = [
  conv2d({
    weights: { shape: [2, 1, 3, 3], data: wave(18, 1.3) },
    bias: { shape: [2], data: Float32Array.of(0.1, -0.2) },
    padding: 1,
  }),
  square(),
  avgPool2d({ kernel: 2 }),
  refresh(),
  flatten(),
  linear({
    weights: [wave(18, 0.3), wave(18, 0.9)].map((row) => [...row]),
    bias: [0.5, 0.25],
  }),
];

/** What the float network gives after the first `count` of the layers. */
function clear(count: number): Float32Array {
  const { graph } = readModel(onnxOf(layers.slice(0, count), inputShape));
  return executeGraph(graph, { shape: graph.input.shape, data: picture }).data;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

describe('a list of layers', () => {
  it('gives after each layer what the float network gives, within the bound that it names', async () => {
    const list = session.encode(layers, { inputShape });
    expect([...list].map(({ type }) => type)).toEqual([
      'Conv',
      'Mul',
      'AveragePool',
      'Refresh',
      'Flatten',
      'Gemm',
    ]);
    let value = await list.encrypt(picture);
    expect(value).toMatchObject({ shape: inputShape, noiseBound: undefined });
    const levels = [value.level];
    for (const [index, layer] of [...list].entries()) {
      value = await layer(value);
      levels.push(value.level);
      expect(value.shape).toEqual(layer.shape);
      expect(value.bytes).toBeGreaterThan(0);
      if (value.noiseBound === undefined) continue;
      expect(value.noiseBound).toBeLessThan(0.1);
      const off = largestDifference(await list.decrypt(value), clear(index + 1));
      expect(off, layer.type).toBeLessThan(value.noiseBound);
    }
    // One level a layer; the refresh gives what follows what it needs; a flatten costs nothing.
    const [fresh, conv, product, pool, refreshed, flat, dense] = levels;
    expect([conv, product, pool]).toEqual([fresh - 1, fresh - 2, fresh - 3]);
    expect(refreshed).toBeGreaterThan(dense);
    expect(flat).toBe(refreshed);
  });

  it('runs whole as one plan, and in slices', async () => {
    const list = session.encode(layers, { inputShape });
    const whole = await list.run([picture]);
    expect(largestDifference(whole.outputs[0], clear(6))).toBeLessThan(0.01);
    expect(whole.bytes.rounds).toBeGreaterThan(0);
    const slice = list.slice(0, 2);
    expect(slice.length).toBe(2);
    const run = await slice.run([picture, picture]);
    for (const output of run.outputs) expect(largestDifference(output, clear(2))).toBeLessThan(0.01);
    expect((await slice.plans()).join('\n')).toMatch(/square/);
  });

  it('refuses a layer out of turn, and what was encrypted for another list', async () => {
    const list = session.encode(layers.slice(0, 2), { inputShape });
    const fresh = await list.encrypt(picture);
    await expect(list.at(1)!(fresh)).rejects.toThrow(/has passed 0/);
    await expect(list.decrypt(fresh)).rejects.toThrow(/No layer has touched this/);
    const other = list.slice(0, 1);
    await expect(other.at(0)!(fresh)).rejects.toThrow(/another list/);
    expect(() => list.slice(2)).toThrow(/no layer/);
  });

  it('says which numbers do not fit', () => {
    expect(() => conv2d({ weights: [[1, 2]] })).toThrow(/4 axes.*1×2/);
    expect(() => linear({ weights: [[1, 2], [3]] })).toThrow(/not of one length/);
    expect(() => linear({ weights: [[1], [2]], bias: [1] })).toThrow(/1 numbers.*2 outputs/);
    expect(() => avgPool2d({ kernel: 0 })).toThrow(/from 1 on/);
    expect(() => session.encode([square()])).toThrow(/inputShape/);
    expect(() => session.encode([refresh()], { inputShape })).toThrow(/no layer/);
  });
});
