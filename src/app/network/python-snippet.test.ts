// Python that makes such a file: its layers by PyTorch's names, or room for somebody's own.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../import/import-model.ts';
import type { Graph } from '../../model/graph.ts';
import { pythonSnippet } from './python-snippet.ts';

const digits = importModel(readFileSync(new URL('../../../public/models/digits.onnx', import.meta.url)));

describe('the Python of a network', () => {
  it('has its layers, as training/digits.py has them', () => {
    const text = pythonSnippet(digits, 'digits.onnx');
    expect(text).toContain(
      [
        'model = nn.Sequential(',
        '    nn.Conv2d(1, 5, 3, stride=2, padding=1),',
        '    Square(),',
        '    nn.Flatten(),',
        '    nn.Linear(180, 32),',
        '    Square(),',
        '    nn.Linear(32, 10),',
        ')',
      ].join('\n'),
    );
    expect(text).toContain('class Square(nn.Module):');
    expect(text).toContain('torch.onnx.export(model, torch.zeros(1, 1, 12, 12), "digits.onnx"');
    expect(text).toContain('sealed-qr model run digits.onnx --input digits-input.npy');
  });

  it('leaves room for a network that is no chain of named layers', () => {
    const graph: Graph = {
      name: 'sum',
      input: { id: 'x', shape: [4] },
      nodes: [{ id: 'y', inputs: ['x', 'x'], shape: [4], op: 'add' }],
      output: 'y',
    };
    const text = pythonSnippet(graph, 'sum.pt');
    expect(text).toContain('model = ...');
    expect(text).not.toContain('Sequential');
    expect(text).toContain('"sum.onnx"');
  });

  it('names every option that is not PyTorch’s own', () => {
    const weight = { shape: [4, 1, 3, 2], data: new Float32Array(24) };
    const conv = {
      op: 'conv2d',
      weight,
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [2, 2],
      groups: 2,
    } as const;
    const shape = [4, 4, 6];
    const graph: Graph = {
      name: 'conv',
      input: { id: 'x', shape: [2, 8, 8] },
      nodes: [
        { id: 'c', inputs: ['x'], shape, ...conv },
        { id: 'y', inputs: ['c'], shape, op: 'activation', function: { kind: 'leakyRelu', slope: 0.1 } },
      ],
      output: 'y',
    };
    const text = pythonSnippet(graph, 'conv.onnx');
    expect(text).toContain('nn.Conv2d(2, 4, (3, 2), dilation=2, groups=2, bias=False),');
    expect(text).toContain('nn.LeakyReLU(0.1),');
  });
});
