// Tests of the style graph: what it computes is the style's picture, pixel by pixel, and what it refuses.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../base/seeded-random.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import { executeGraph } from '../model/execute.ts';
import type { Graph, Node } from '../model/graph.ts';
import { encodeQr } from '../qr/matrix.ts';
import { withoutFinders } from './drawing/eyes.ts';
import { featureGraph } from './features.ts';
import { styleGraph } from './graph.ts';
import { placeOf, type Style, STYLES } from './styles.ts';
import { stylePainter } from './tables.ts';

function networkOf(style: Style): Graph {
  const bytes = readFileSync(new URL(`../../public/${style.model}`, import.meta.url));
  return importOnnx(new Uint8Array(bytes), { inputShape: [1, 21, 21] });
}

const code = encodeQr('the style graph', { ecc: 'M' });
const dark = withoutFinders(code.dark, code.modules);

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

describe.each(STYLES.map((style) => [style.id, style] as const))('the graph of %s', (_, style) => {
  it('computes the picture that tables and coverages make, margin included', () => {
    const network = networkOf(style);
    const graph = styleGraph(network, style, code.modules, style.defaultColours, 4);
    const side = 4 * (code.modules + 2);
    const output = executeGraph(graph, { shape: graph.input.shape, data: dark });
    expect(output.shape).toEqual([3, side, side]);
    const place = placeOf(style, code.modules, style.defaultColours, 4);
    const picture = stylePainter(style.recipe, place, { by: 'network', network })(dark);
    expect(largestDifference(output.data, picture)).toBeLessThan(1e-4);
  });

  it('comes near the drawing', () => {
    const network = networkOf(style);
    const place = placeOf(style, code.modules, style.defaultColours, 4);
    const drawn = stylePainter(style.recipe, place, { by: 'drawing' })(dark);
    const computed = stylePainter(style.recipe, place, { by: 'network', network })(dark);
    const errors = drawn.map((value, i) => Math.abs(value - computed[i]));
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.008);
    const blank = stylePainter(style.recipe, place, { by: 'network', network })(new Uint8Array(dark.length));
    const light = stylePainter(style.recipe, place, { by: 'drawing' })(new Uint8Array(dark.length));
    // Even areas have no haze: an eighth of what an eye tells apart, 1 of 255.
    expect(largestDifference(blank, light)).toBeLessThan(0.002);
  });
});

describe('featureGraph', () => {
  const network = networkOf(STYLES.find(({ id }) => id === 'liquid') ?? STYLES[0]);
  const [first, , second] = network.nodes;

  it('adds the margin by padding the first convolution', () => {
    const graph = featureGraph(network, 21, 1);
    expect(graph.nodes.at(-1)?.shape).toEqual([9, 23, 23]);
    const board = Float32Array.from({ length: 441 }, seededRandom(3)).map(Math.round);
    const wide = executeGraph(graph, { shape: [1, 21, 21], data: board });
    const narrow = executeGraph(featureGraph(network, 21, 0), { shape: [1, 21, 21], data: board });
    expect(wide.data[23 + 1]).toBe(narrow.data[0]);
  });

  const last = (node: Node, change: object): Graph => ({
    ...network,
    nodes: [...network.nodes.slice(0, 2), { ...node, ...change }],
    output: node.id,
  });
  const refused: [string, Graph, string][] = [
    ['no layers', { ...network, nodes: [] }, 'its output'],
    ['a skip', last(second, { inputs: [first.id] }), 'skips'],
    ['a stride', last(second, { strides: [2, 2] }), 'looks too far'],
    ['an activation', last(second, { op: 'softmax', axis: 0 }), 'softmax'],
  ];
  it.each(refused)('refuses %s', (_, graph, message) => {
    expect(() => featureGraph(graph, 21, 1)).toThrow(message);
  });
});
