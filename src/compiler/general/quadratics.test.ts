// Quadratics in every form that networks write: one square, and the same values.
import { describe, expect, it } from 'vitest';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, Node, Operation } from '../../model/graph.ts';
import { calibrate, defaultSamples } from '../calibrate.ts';
import { evaluateProgram } from './program.ts';
import { readNetwork } from './read-network.ts';

const SHAPE = [2, 2, 2];
const constant = (...values: number[]) => ({ shape: [values.length, 1, 1], data: Float32Array.from(values) });
const times = (...values: number[]): Operation => ({ op: 'mulConstant', constant: constant(...values) });
const plus = (...values: number[]): Operation => ({ op: 'addConstant', constant: constant(...values) });

/** A graph of `layers`, each an operation on earlier values, by number; −1 is the input. */
function graphOf(layers: readonly (readonly [Operation, ...number[]])[]): Graph {
  const id = (number: number): string => (number < 0 ? 'x' : `v${number}`);
  const nodes = layers.map(([operation, ...inputs], i): Node => ({
    id: id(i),
    inputs: inputs.map(id),
    shape: SHAPE,
    ...operation,
  }));
  return { name: 'quadratic', input: { id: 'x', shape: SHAPE }, nodes, output: id(layers.length - 1) };
}

const FORMS: Readonly<Record<string, readonly (readonly [Operation, ...number[]])[]>> = {
  'a·x·x + b·x + c': [
    [times(0.5, 2), -1],
    [{ op: 'multiply' }, 0, -1],
    [times(3), -1],
    [{ op: 'add' }, 1, 2],
    [plus(0.25, -1), 3],
  ],
  'a·x² − b·x': [
    [{ op: 'square' }, -1],
    [times(0.7), 0],
    [times(2, 1), -1],
    [{ op: 'subtract' }, 1, 2],
  ],
  'x·(a·x + b)': [
    [times(-0.5), -1],
    [plus(1, 2), 0],
    [{ op: 'multiply' }, -1, 1],
  ],
  '(x + c)²': [
    [plus(0.5, -3), -1],
    [{ op: 'square' }, 0],
  ],
  'a polynomial of it': [
    [times(2), -1],
    [{ op: 'polynomial', coefficients: [1, -2, 3] }, 0],
  ],
  'no factor in one channel': [
    [times(1, 0), -1],
    [{ op: 'multiply' }, 0, -1],
    [{ op: 'add' }, 1, -1],
  ],
  'far from its vertex': [
    [times(1e-3), -1],
    [{ op: 'multiply' }, 0, -1],
    [{ op: 'add' }, 1, -1],
  ],
};

describe('a quadratic of one value', () => {
  it.each(Object.entries(FORMS))('%s is one product', (_, layers) => {
    const graph = graphOf(layers);
    const samples = defaultSamples(graph);
    const [{ program }] = readNetwork(graph, calibrate(graph, samples), 0.02);
    expect(program.bases.filter(({ kind }) => kind === 'product')).toHaveLength(1);
    const expected = executeGraph(graph, samples[0]).data;
    const { output } = evaluateProgram(program, samples[0].data);
    expected.forEach((value, i) => expect(output[i]).toBeCloseTo(value, 4));
  });

  it('of two values is none, nor is a cubic: each product stays', () => {
    const cubic = graphOf([
      [{ op: 'square' }, -1],
      [{ op: 'multiply' }, 0, -1],
    ]);
    const [{ program }] = readNetwork(cubic, calibrate(cubic, defaultSamples(cubic)), 0.02);
    expect(program.bases.filter(({ kind }) => kind === 'product')).toHaveLength(2);
  });
});
