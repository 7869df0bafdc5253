// Tests of the style graph: the picture it computes, the folding for small pixels, and what it refuses.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node, Tensor } from '../model/graph.ts';
import { shapeGraph, styleGraph } from './graph.ts';
import { foregroundAt, STYLES } from './styles.ts';

/** Deterministic small weights; the values do not matter, only that all differ. */
function tensor(...shape: number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 3 * i + shape.length)) };
}

function conv(id: string, input: string, out: number, inside: number, size: number): Node {
  const pad = (size - 1) / 2;
  return {
    id,
    inputs: [input],
    shape: [out, 21, 21],
    op: 'conv2d',
    weight: tensor(out, inside, size, size),
    bias: tensor(out),
    strides: [1, 1],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    groups: 1,
  };
}

const network: Graph = {
  name: 'test',
  input: { id: 'x', shape: [1, 21, 21] },
  nodes: [
    conv('a', 'x', 3, 1, 3),
    { id: 'b', inputs: ['a', 'a'], shape: [3, 21, 21], op: 'multiply' },
    conv('c', 'b', 64, 3, 1),
  ],
  output: 'c',
};

const codes = fc
  .integer({ min: 1, max: 6 })
  .chain((n) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: n * n, maxLength: n * n })
      .map((bits) => ({ n, input: { shape: [1, n, n], data: Float32Array.from(bits) } })),
  );

describe('styleGraph', () => {
  it('blends foreground over background by the coverage, pixel by pixel', () => {
    fc.assert(
      fc.property(codes, fc.constantFrom(...STYLES), fc.constantFrom(8, 4), ({ n, input }, style, p) => {
        const colours = style.defaultColours;
        const picture = executeGraph(styleGraph(network, style, n, colours, p), input);
        const coverage = executeGraph(shapeGraph(network, n, p), input).data;
        const side = n * p;
        expect(picture.shape).toEqual([3, side, side]);
        let worst = 0;
        for (let y = 0; y < side; y++) {
          for (let x = 0; x < side; x++) {
            const channel = (y % p) * p + (x % p);
            const alpha = coverage[channel * n * n + Math.floor(y / p) * n + Math.floor(x / p)];
            const foreground = foregroundAt(style, colours, x, y, side);
            for (let c = 0; c < 3; c++) {
              const expected = (alpha * foreground[c] + (1 - alpha) * colours.background[c]) / 255;
              worst = Math.max(worst, Math.abs(picture.data[(c * side + y) * side + x] - expected));
            }
          }
        }
        expect(worst).toBeLessThan(1e-5);
      }),
      { numRuns: 20 },
    );
  });
});

describe('shapeGraph', () => {
  it('averages 2×2 pixels for 4 pixels a module', () => {
    fc.assert(
      fc.property(codes, ({ n, input }) => {
        const fine = executeGraph(shapeGraph(network, n, 8), input);
        const coarse = executeGraph(shapeGraph(network, n, 4), input);
        expect(coarse.shape).toEqual([16, n, n]);
        coarse.data.forEach((value, i) => {
          const [pixel, module] = [Math.floor(i / (n * n)), i % (n * n)];
          const corner = 16 * Math.floor(pixel / 4) + 2 * (pixel % 4);
          const sum = [0, 1, 8, 9].reduce(
            (s, offset) => s + fine.data[(corner + offset) * n * n + module],
            0,
          );
          expect(value).toBeCloseTo(sum / 4, 4);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('reads x·x as a square', () => {
    expect(shapeGraph(network, 25, 8).nodes.map((node) => node.op)).toEqual(['conv2d', 'square', 'conv2d']);
  });

  const [first, middle, last] = network.nodes as [Node, Node, Node];
  const strided = { ...first, strides: [2, 2] } as Node;
  const refused: [string, Node[], string][] = [
    ['no layers', [], 'its output'],
    ['another number of outputs', [first, middle, conv('c', 'b', 16, 3, 1)], 'not a convolution to 64'],
    ['an activation at the end', [first, middle], 'not a convolution to 64'],
    ['a skip', [first, { ...middle, inputs: ['a', 'x'] }, last], 'skips'],
    ['a stride', [strided, middle, last], 'changes the size'],
    ['channels that do not fit', [first, middle, conv('c', 'b', 64, 5, 1)], 'takes 5 channels, not 3'],
    [
      'another layer',
      [first, { ...middle, inputs: ['a'], op: 'softmax', axis: 0, log: false }, last],
      'softmax',
    ],
  ];
  it.each(refused)('refuses %s', (_, nodes, message) => {
    const output = nodes.at(-1)?.id ?? 'c';
    expect(() => shapeGraph({ ...network, nodes, output }, 21, 8)).toThrow(message);
  });
});
