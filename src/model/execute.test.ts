// The float executor: hand-checked values for operations, and the rules that only the node's shape tells.
import { describe, expect, it } from 'vitest';
import { executeGraph } from './execute.ts';
import type { Graph, Operation, Shape, Tensor } from './graph.ts';
import { activate } from './operators/elementwise.ts';

const tensor = (shape: Shape, data: readonly number[]): Tensor => ({ shape, data: Float32Array.from(data) });

/** One operation on an input counting up from 1. */
function run(operation: Operation, inputShape: Shape, shape: Shape): number[] {
  const count = inputShape.reduce((a, b) => a * b, 1);
  const graph: Graph = {
    name: 'one',
    input: { id: 'x', shape: inputShape },
    nodes: [{ id: 'y', inputs: ['x'], shape, ...operation }],
    output: 'y',
  };
  return Array.from(
    executeGraph(
      graph,
      tensor(
        inputShape,
        Array.from({ length: count }, (_, i) => i + 1),
      ),
    ).data,
  );
}

const plain = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

describe('executeGraph', () => {
  it('convolves with padding, stride and bias', () => {
    const weight = tensor([1, 1, 2, 2], [1, 0, 0, -1]);
    expect(run({ op: 'conv2d', ...plain, weight }, [1, 2, 3], [1, 1, 2])).toEqual([1 - 5, 2 - 6]);
    const bias = tensor([1], [10]);
    const padded = { op: 'conv2d', ...plain, weight, bias, strides: [2, 2], pads: [1, 1, 0, 0] } as const;
    expect(run(padded, [1, 2, 3], [1, 1, 2])).toEqual([10 - 1, 10 - 3]);
  });

  it('takes output padding of a transposed convolution from the shape', () => {
    const weight = tensor([1, 1, 1, 2], [1, 1]);
    const operation = { op: 'convTranspose2d', ...plain, weight, strides: [1, 2] } as const;
    expect(run(operation, [1, 1, 2], [1, 1, 4])).toEqual([1, 1, 2, 2]);
    expect(run(operation, [1, 1, 2], [1, 1, 5])).toEqual([1, 1, 2, 2, 0]);
  });

  it('counts padding in an average only where asked, and never what lies beyond it', () => {
    const pool = { op: 'averagePool', kernel: [1, 2], strides: [1, 2], pads: [0, 1, 0, 0] } as const;
    expect(run({ ...pool, countIncludePad: false }, [1, 1, 4], [1, 1, 3])).toEqual([1, 2.5, 4]);
    expect(run({ ...pool, countIncludePad: true }, [1, 1, 4], [1, 1, 3])).toEqual([0.5, 2.5, 4]);
  });

  it('moves elements', () => {
    expect(run({ op: 'transpose', permutation: [1, 0] }, [2, 3], [3, 2])).toEqual([1, 4, 2, 5, 3, 6]);
    expect(run({ op: 'slice', starts: [1, 2], steps: [1, -1] }, [2, 3], [1, 3])).toEqual([6, 5, 4]);
    expect(run({ op: 'pad', pads: [[0, 0], [1, 0]] }, [2, 1], [2, 2])).toEqual([0, 1, 0, 2]); // prettier-ignore
    expect(run({ op: 'resizeNearest', rows: [0, 0], columns: [1] }, [1, 1, 2], [1, 2, 1])).toEqual([2, 2]);
    expect(run({ op: 'depthToSpace', block: 2, mode: 'CRD' }, [4, 1, 1], [1, 2, 2])).toEqual([1, 2, 3, 4]);
  });

  it('does arithmetic with broadcast constants and polynomials', () => {
    expect(run({ op: 'mulConstant', constant: tensor([2, 1], [1, -1]) }, [2, 2], [2, 2])).toEqual([
      1, 2, -3, -4,
    ]);
    expect(run({ op: 'addConstant', constant: tensor([2], [10, 20]) }, [2, 2], [2, 2])).toEqual([
      11, 22, 13, 24,
    ]);
    expect(run({ op: 'polynomial', coefficients: [1, 0, 2] }, [3], [3])).toEqual([3, 9, 19]);
    expect(run({ op: 'linear', weight: tensor([1, 2], [1, 10]) }, [2, 2], [2, 1])).toEqual([21, 43]);
  });

  it('finds the largest and weighs them', () => {
    expect(run({ op: 'argmax', axis: 1 }, [2, 3], [2, 1])).toEqual([2, 2]);
    const soft = run({ op: 'softmax', axis: 0, log: false }, [2], [2]);
    expect(soft[1] / soft[0]).toBeCloseTo(Math.E, 5);
    const pool = {
      op: 'maxPool',
      kernel: [1, 2],
      strides: [1, 1],
      pads: [0, 1, 0, 0],
      dilations: [1, 1],
    } as const;
    expect(run(pool, [1, 1, 2], [1, 1, 2])).toEqual([1, 2]);
  });

  it('reports every node and refuses inputs of another size', () => {
    const seen: string[] = [];
    const graph: Graph = {
      name: 'two',
      input: { id: 'x', shape: [2] },
      nodes: [
        { id: 'a', inputs: ['x'], shape: [2], op: 'square' },
        { id: 'b', inputs: ['a', 'x'], shape: [2], op: 'subtract' },
      ],
      output: 'b',
    };
    const output = executeGraph(graph, tensor([2], [3, 4]), { onNode: (node) => seen.push(node.id) });
    expect([Array.from(output.data), seen]).toEqual([[6, 12], ['a', 'b']]); // prettier-ignore
    expect(() => executeGraph(graph, tensor([3], [1, 2, 3]))).toThrow(/takes 2 = 2 values; the input has 3/);
  });

  it('activations keep their shape far from zero', () => {
    expect(activate({ kind: 'softplus' }, 800)).toBe(800);
    expect(activate({ kind: 'sigmoid' }, -800)).toBe(0);
    expect(activate({ kind: 'silu' }, -800)).toBeCloseTo(0);
    expect(activate({ kind: 'hardSwish' }, 3)).toBe(3);
    expect(activate({ kind: 'prelu', slopes: [0.5, 0.25] }, -4, 1)).toBe(-1);
  });
});
