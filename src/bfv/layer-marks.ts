// What a report calls the layers and places of a network.
import { elementCount, type Graph, type Node, type Shape } from '../model/graph.ts';

/** The number and type of the model's layer that `node` is, or belongs to. */
export function layerMark(graph: Graph, node: Node): { readonly index: number; readonly type: string } {
  const at = graph.nodes.indexOf(node);
  const layer = graph.layers?.find(({ output }) => graph.nodes.findIndex(({ id }) => id === output) >= at);
  return layer ? { index: layer.index, type: layer.type } : { index: at, type: node.op };
}

/** Where `element`, counted through all pictures, stands in a batch of `shape`: as NumPy's unravel_index. */
export function elementPosition(shape: Shape, element: number): number[] {
  const position: number[] = [];
  let rest = element;
  for (const size of [...shape].reverse()) {
    position.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  position.unshift(Math.floor(element / elementCount(shape)));
  return position;
}
