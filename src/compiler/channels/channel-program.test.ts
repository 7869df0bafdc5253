// Reading graphs in channel form: what fits computes the same, what does not is refused by name.
import { describe, expect, it } from 'vitest';
import { applyMap } from '../../../fixtures/channel-maps.ts';
import { filledTensor, styleNetwork } from '../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, Node, NodeOf } from '../../model/graph.ts';
import { blockShape, packInput } from '../../plan/layout.ts';
import { channelProgram } from './channel-program.ts';

const SIZE = 5;
const random = seededRandom(1);

/** A convolution of `kernel`×`kernel` from 2 channels that keeps the size. */
function conv(id: string, input: string, outputs: number, kernel: number): NodeOf<'conv2d'> {
  const pad = (kernel - 1) / 2;
  return {
    id,
    inputs: [input],
    shape: [outputs, SIZE, SIZE],
    op: 'conv2d',
    weight: filledTensor([outputs, 2, kernel, kernel], () => random() - 0.5),
    bias: filledTensor([outputs], random),
    strides: [1, 1],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    groups: 1,
  };
}

function graphOf(nodes: readonly Node[], output = nodes.at(-1)!.id): Graph {
  return { name: 'test', input: { id: 'x', shape: [2, SIZE, SIZE] }, nodes, output };
}

/** The output of the program before its renamings, run as it is written down. */
function runProgram(graph: Graph, input: Float32Array): number[] {
  const { patches, steps } = channelProgram(graph);
  const positions = patches.positions[0] * patches.positions[1];
  const blocks = blockShape(positions, positions, 1)!;
  let values = packInput({ kind: 'patches', ...patches, blocks }, input);
  for (const step of steps) {
    if (step.kind === 'square') values = values.map((channel) => channel.map((value) => value * value));
    else values = step.maps.reduce((channels, map) => applyMap(map, channels), values);
  }
  return values.flatMap((channel) => [...channel]);
}

function expectSame(graph: Graph, reference = graph): void {
  const input = filledTensor(graph.input.shape, random);
  const expected = executeGraph(reference, input).data;
  const actual = runProgram(graph, input.data);
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
}

describe('channelProgram', () => {
  it('reads a style network as patches, linear runs and squares, the renaming left to the client', () => {
    const graph = styleNetwork(seededRandom(2), { size: SIZE, channels: 4, alphas: 4, squares: 2 });
    const program = channelProgram(graph);
    expect(program.steps.map(({ kind }) => kind)).toEqual(['linear', 'square', 'linear', 'square', 'linear']);
    expect(program.finish).toEqual([{ op: 'depthToSpace', block: 2 }]);
    expect(program.outputShape).toEqual([12, SIZE, SIZE]);
    expectSame(graph, { ...graph, output: 'ground' });
  });

  it('reads strides, dilations, uneven pads and groups of the first convolution', () => {
    const grouped: NodeOf<'conv2d'> = {
      ...conv('c', 'x', 4, 3),
      weight: filledTensor([4, 1, 3, 2], () => random() - 0.5),
      groups: 2,
      strides: [2, 1],
      dilations: [1, 2],
      pads: [1, 0, 2, 1],
      shape: [4, 3, 4],
    };
    expectSame(graphOf([grouped]));
    const { bias: _, ...plain } = grouped;
    expectSame(graphOf([plain]));
  });

  it('reads later 1×1 convolutions with groups', () => {
    const first = conv('c', 'x', 4, 3);
    const second: Node = {
      ...conv('d', 'c', 6, 1),
      weight: filledTensor([6, 2, 1, 1], () => random() - 0.5),
      groups: 2,
    };
    expectSame(graphOf([first, second]));
  });

  it.each([
    ['one number', []],
    ['one number in three axes', [1, 1, 1]],
    ['a number a channel', [3, 1, 1]],
    ['a number a channel and position', [3, SIZE, SIZE]],
  ])('reads constants of %s', (_, shape) => {
    const constant = filledTensor(shape, () => random() + 0.5);
    const first = conv('c', 'x', 3, 1);
    const all = [3, SIZE, SIZE];
    expectSame(graphOf([first, { id: 'm', inputs: ['c'], shape: all, op: 'mulConstant', constant }]));
    expectSame(graphOf([first, { id: 'a', inputs: ['c'], shape: all, op: 'addConstant', constant }]));
  });

  const c = conv('c', 'x', 2, 3);
  const d = conv('d', 'c', 2, 1);
  const shape = [2, SIZE, SIZE];
  const square: Node = { id: 's', inputs: ['c'], shape, op: 'square' };
  const constant = (size: number[]): Node => {
    return { id: 'bad', inputs: ['c'], shape, op: 'mulConstant', constant: filledTensor(size, random) };
  };
  it.each<[string, string, Node[], string?]>([
    [
      'a network that does not begin with a convolution',
      'bad',
      [{ id: 'bad', inputs: ['x'], shape, op: 'square' }],
    ],
    ['a later convolution over neighbours', 'bad', [c, conv('bad', 'c', 2, 3)]],
    [
      'a later convolution with a stride',
      'bad',
      [c, { ...conv('bad', 'c', 2, 1), strides: [2, 2], shape: [2, 3, 3] }],
    ],
    [
      'a later convolution with pads',
      'bad',
      [c, { ...conv('bad', 'c', 2, 1), pads: [1, 1, 1, 1], shape: [2, 7, 7] }],
    ],
    ['a constant along rows alone', 'bad', [c, constant([SIZE, 1])]],
    ['a constant along positions alone', 'bad', [c, constant([1, SIZE, SIZE])]],
    [
      'a constant that makes channels',
      'bad',
      [conv('c', 'x', 1, 1), { ...constant([2, 1, 1]), shape: [2, SIZE, SIZE] }],
    ],
    [
      'a concatenation along rows',
      'bad',
      [c, { id: 'bad', inputs: ['c', 'c'], shape: [2, 10, 5], op: 'concat', axis: 1 }],
    ],
    [
      'a concatenation of two values',
      'bad',
      [c, d, { id: 'bad', inputs: ['c', 'd'], shape: [4, SIZE, SIZE], op: 'concat', axis: 0 }],
    ],
    ['a branch across a square', 'bad', [c, square, { id: 'bad', inputs: ['c'], shape, op: 'square' }]],
    ['an addition', 'bad', [c, d, { id: 'bad', inputs: ['c', 'd'], shape, op: 'add' }]],
    [
      'an activation',
      'bad',
      [c, { id: 'bad', inputs: ['c'], shape, op: 'activation', function: { kind: 'relu' } }],
    ],
    [
      'a depth-to-space in the other order',
      'bad',
      [
        conv('c', 'x', 4, 1),
        { id: 'bad', inputs: ['c'], shape: [1, 10, 10], op: 'depthToSpace', block: 2, mode: 'DCR' },
      ],
    ],
    [
      'a layer after depth-to-space',
      'bad',
      [
        conv('c', 'x', 4, 1),
        { id: 'p', inputs: ['c'], shape: [1, 10, 10], op: 'depthToSpace', block: 2, mode: 'CRD' },
        { id: 'bad', inputs: ['p'], shape: [1, 10, 10], op: 'square' },
      ],
    ],
    ['a square whose result nobody uses', 'bad', [c, { ...square, id: 'bad' }], 'c'],
    [
      'a depth-to-space whose result nobody uses',
      'bad',
      [
        conv('c', 'x', 4, 1),
        { id: 'bad', inputs: ['c'], shape: [1, 10, 10], op: 'depthToSpace', block: 2, mode: 'CRD' },
      ],
      'c',
    ],
  ])('refuses %s, naming the layer', (_, layer, nodes, output) => {
    const refusal = expect.objectContaining({
      code: 'unsupported-layer',
      message: expect.stringContaining(`Layer ${layer} `) as string,
    });
    expect(() => channelProgram(graphOf(nodes, output))).toThrow(refusal);
  });

  it('refuses a network without layers, or that gives back its input, as what another form may take', () => {
    const refused = expect.objectContaining({ code: 'unsupported-layer' }) as Error;
    expect(() => channelProgram(graphOf([], 'x'))).toThrow(refused);
    expect(() => channelProgram(graphOf([conv('c', 'x', 2, 1)], 'x'))).toThrow(refused);
  });

  it('reads copies of a squared value, and passes over a linear layer that nobody uses', () => {
    const copies: Node = { id: 'k', inputs: ['s', 's'], shape: [4, SIZE, SIZE], op: 'concat', axis: 0 };
    expectSame(graphOf([c, square, copies]));
    expectSame(graphOf([c, d], 'c'));
  });

  it('reads the sound layers of the cases above', () => {
    expectSame(graphOf([c, d]));
    expectSame(graphOf([c, square]));
  });
});
