// Layers' plans by themselves: what one leaves is what the next one takes, and their costs are their own.
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import { compile } from '../compile.ts';

const weights = (dims: readonly number[]) => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 1) / 2),
});
const bytes = (skip: boolean): Uint8Array =>
  writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 1, 6, 6] },
    initializers: [
      { name: 'w', ...weights([2, 1, 3, 3]) },
      { name: 'd', ...weights([32, 4]) },
    ],
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'Mul', inputs: ['c', 'c'], outputs: ['s'] },
      ...(skip ? [{ op: 'Add', inputs: ['s', 'c'], outputs: ['t'] }] : []),
      { op: 'Flatten', inputs: [skip ? 't' : 's'], outputs: ['f'], attributes: { axis: 1n } },
      { op: 'MatMul', inputs: ['f', 'd'], outputs: ['y'] },
    ],
    output: 'y',
  });
const costs = COST_TABLES.simd;

describe('the plan of a single layer', () => {
  const graph = importOnnx(bytes(false));
  const single = (index: number) => compile(graph, { costs, single: index });

  it('takes what the one before it leaves: level, scale, ciphertexts, places', () => {
    const chain = [0, 1, 3].map((index) => single(index).interface);
    for (const [before, after] of [
      [chain[0], chain[1]],
      [chain[1], chain[2]],
    ]) {
      const [{ output }] = before.segments;
      const [{ input }] = after.segments;
      expect(after.parameters).toEqual(before.parameters);
      expect([input.level, input.scale, input.count]).toEqual([output.level, output.scale, output.count]);
      if (input.layout.kind !== 'gather' || output.layout.kind !== 'slots') throw new Error('other layouts');
      const { ciphertext, position } = output.layout;
      const { sources } = input.layout;
      ciphertext.forEach((at, element) => expect(sources[at][position[element]]).toBe(element));
    }
    expect(chain[2].segments[0].output.level).toBe(0);
  });

  it('costs what it needs itself, and bounds the error since the encryption', () => {
    const [conv, product] = [single(0), single(1)];
    expect(conv.interface.segments[0].relinearize).toBe(false);
    expect(product.interface.segments[0]).toMatchObject({ relinearize: true, rotationSteps: [] });
    expect(product.interface.expected.errorBound).toBeGreaterThan(0);
    expect(product.explanation.segments[0].stages).toHaveLength(1);
    expect(product.explanation.outputShape).toEqual([2, 4, 4]);
  });

  it('is refused where there is none', () => {
    expect(() => single(2)).toThrow(/Layer 2 \(Flatten\).*only moves elements/);
    expect(() => single(9)).toThrow(/no layers 9–9/);
    const skipping = importOnnx(bytes(true));
    expect(() => compile(skipping, { costs, single: 1 })).toThrow(/skip connection/);
  });
});
