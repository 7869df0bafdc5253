// Ranges over samples: a layer that leaves the finite numbers is named.
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../model/graph.ts';
import { calibrate, defaultSamples } from '../calibrate.ts';

const square = (id: string, input: string): Node => ({ id, inputs: [input], shape: [2], op: 'square' });

describe('calibrate', () => {
  it('widens what it sees by a fifth', () => {
    const graph: Graph = {
      name: 'g',
      input: { id: 'x', shape: [2] },
      nodes: [square('y', 'x')],
      output: 'y',
    };
    const ranges = calibrate(graph, [{ shape: [2], data: Float32Array.of(1, -3) }]);
    expect(ranges.of('x')).toEqual({ low: -3.8, high: 1.8 });
    expect(ranges.of('y').high).toBeCloseTo(9 + 1.6, 6);
  });

  it('names the layer whose values leave the numbers that there are', () => {
    const nodes: Node[] = [
      {
        id: 'big',
        inputs: ['x'],
        shape: [2],
        op: 'mulConstant',
        constant: { shape: [], data: Float32Array.of(1e20) },
      },
      square('sq', 'big'),
      { id: 'y', inputs: ['sq', 'sq'], shape: [2], op: 'subtract' },
    ];
    const graph: Graph = { name: 'g', input: { id: 'x', shape: [2] }, nodes, output: 'y' };
    expect(() => calibrate(graph, defaultSamples(graph))).toThrow(
      expect.objectContaining({
        code: 'out-of-range',
        message: expect.stringMatching(/Layer sq .*infinite/) as string,
        detail: { layer: 'sq' },
      }),
    );
  });
});
