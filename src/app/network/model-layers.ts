// A model file's layers for people: what each makes of its input's shape, and how many trained numbers it holds.
import type { Graph, Node, Shape } from '../../model/graph.ts';

/** One of the file's layers. */
export interface LayerSummary {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  /** Shape of its output. */
  readonly shape: Shape;
  /** Trained numbers: weights, biases, constants. */
  readonly parameters: number;
}

/** The layers of `graph` in order; its nodes where an importer knows no layers. */
export function layersOf({ input, nodes, layers }: Graph): LayerSummary[] {
  const marks = layers ?? nodes.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  const position = new Map(nodes.map(({ id }, at) => [id, at]));
  let from = 0;
  return marks.map(({ index, name, type, output }) => {
    // A layer that does nothing marks an earlier value, and has no nodes.
    const end = Math.max(from, (position.get(output) ?? -1) + 1);
    const parameters = nodes.slice(from, end).reduce((sum, node) => sum + parametersOf(node), 0);
    from = end;
    return { index, name, type, shape: nodes[position.get(output) ?? -1]?.shape ?? input.shape, parameters };
  });
}

function parametersOf(node: Node): number {
  return Object.values(node).reduce<number>(
    (sum, field) => sum + (isTensor(field) ? field.data.length : 0),
    0,
  );
}

function isTensor(field: unknown): field is { readonly data: Float32Array } {
  return typeof field === 'object' && field !== null && 'data' in field && field.data instanceof Float32Array;
}
