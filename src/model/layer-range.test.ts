// Parts of a network run one after the other give what the whole gives; cuts through a skip connection are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writtenOriginals } from '../../fixtures/model-mutations.ts';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import { executeGraph } from './execute.ts';
import { importModel } from '../import/import-model.ts';
import { selectLayers } from './layer-range.ts';

describe('selectLayers', () => {
  const torch = writtenOriginals().at(-1);
  const graph = importModel(torch.bytes, { inputShape: [1, 8, 8] });

  it('two parts make the whole, wherever the cut is', () => {
    expect(graph.layers?.map(({ type }) => type)).toEqual([
      'Conv2d',
      'Square',
      'AvgPool2d',
      'Flatten',
      'Linear',
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.float32Array({ minLength: 64, maxLength: 64, min: -1, max: 1, noNaN: true }),
        (cut, data) => {
          const input = { shape: [1, 8, 8], data };
          const half = executeGraph(selectLayers(graph, 0, cut), input);
          const rest = executeGraph(selectLayers(graph, cut + 1, 4), half);
          expect(rest).toEqual(executeGraph(graph, input));
        },
      ),
    );
  });

  it('refuses layers that are not there, and cuts through a skip connection', () => {
    expect(() => selectLayers(graph, 0, 7)).toThrow(/no layers 0–7: the model has 0, 1, 2, 3, 4/);
    const nodes = [
      { op: 'Relu', inputs: ['x'], outputs: ['a'] },
      { op: 'Tanh', inputs: ['a'], outputs: ['b'] },
      { op: 'Add', inputs: ['a', 'b'], outputs: ['y'] },
    ];
    const input = { name: 'x', dims: [1, 3] };
    const skip = importModel(writeOnnx({ opset: 13, input, initializers: [], nodes, output: 'y' }));
    expect(selectLayers(skip, 1, 2).nodes.map(({ op }) => op)).toEqual(['activation', 'add']);
    expect(() => selectLayers(skip, 2, 2)).toThrow(/also read/);
  });
});
