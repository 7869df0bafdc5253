// Part of a network: the layers from one to another, as a graph of its own.
import { SealedError } from '../base/errors.ts';
import type { Graph, Node, ValueId } from './graph.ts';

/**
 * Layers `first` to `last` (indices of `graph.layers`, both included): from the value that layer `first` reads to the one
 * that layer `last` computes.
 * @throws SealedError `invalid-argument` for layers that are not there, or where a skip connection crosses the cut.
 */
export function selectLayers(graph: Graph, first: number, last: number): Graph {
  const layers = graph.layers ?? [];
  const end = layers.find(({ index }) => index === last);
  if (!end || first > last || !layers.some(({ index }) => index === first)) {
    const known = layers.map(({ index }) => index).join(', ');
    throw refused(`There are no layers ${first}–${last}: the model has ${known || 'none'}.`, first, last);
  }
  const input = layers.findLast(({ index }) => index < first)?.output ?? graph.input.id;
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const needed = new Set<ValueId>();
  const pending: ValueId[] = [end.output];
  while (pending.length > 0) {
    const id = pending.pop() as ValueId;
    if (id === input || needed.has(id)) continue;
    const node = byId.get(id);
    if (!node)
      throw refused(`Layers ${first}–${last} also read '${id}' from before: start earlier.`, first, last);
    needed.add(id);
    pending.push(...node.inputs);
  }
  const nodes = graph.nodes.filter(({ id }) => needed.has(id));
  return {
    name: `${graph.name}, layers ${first}–${last}`,
    input: { id: input, shape: shapeOf(graph, byId, input) },
    nodes,
    output: end.output,
    layers: layers.filter(({ index }) => index >= first && index <= last),
  };
}

function shapeOf(graph: Graph, byId: ReadonlyMap<ValueId, Node>, id: ValueId) {
  return byId.get(id)?.shape ?? graph.input.shape;
}

function refused(text: string, first: number, last: number): SealedError {
  return new SealedError('invalid-argument', text, { stage: 'model', detail: { first, last } });
}
