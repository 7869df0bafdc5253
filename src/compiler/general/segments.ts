// Cuts a graph where the client takes part: refreshes, layers only it can compute, and whatever follows the last of them.
import { SealedError } from '../../base/errors.ts';
import type { Graph, Node, Shape, ValueId } from '../../model/graph.ts';

/** A stretch that runs encrypted, and what the client computes on its decrypted result. */
export interface Segment {
  readonly graph: Graph;
  /** Layers the client computes afterwards, one after the other; undefined for none. */
  readonly client: Graph | undefined;
}

/** Where the client takes part. */
export interface SegmentRules {
  /** Indices of `graph.layers` after which the client refreshes. */
  readonly refresh: readonly number[];
  /** Whether the client also computes activations and pools in the middle of the network. */
  readonly clientOps: boolean;
}

const CLIENT_ONLY: ReadonlySet<Node['op']> = new Set(['maxPool', 'softmax', 'argmax', 'cast', 'normalize']);
const RESHAPES: ReadonlySet<Node['op']> = new Set(['reshape', 'transpose']);
/** Layers so cheap that the client may compute them between two of its own. */
const CHEAP: ReadonlySet<Node['op']> = new Set([
  ...RESHAPES, 'slice', 'pad', 'resizeNearest', 'depthToSpace', 'mulConstant', 'addConstant',
]); // prettier-ignore

/** Whether the scheme cannot compute `node`, so that the client must. */
export function isClientOnly(node: Node): boolean {
  return CLIENT_ONLY.has(node.op);
}

/**
 * Ids of the layers that the client computes at the end: from the first of those that only it can compute, or activations,
 * with nothing but cheap layers in between, to the output. A factor after the last activation stays with the server.
 */
function trailingLayers(graph: Graph): Set<ValueId> {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const trailing = new Set<ValueId>();
  let pending: Node[] = [];
  let node = byId.get(graph.output);
  while (node?.inputs.length === 1) {
    const isPlain = trailing.size > 0 || pending.every(({ op }) => RESHAPES.has(op));
    if (isClientOnly(node) || (node.op === 'activation' && isPlain)) {
      for (const { id } of [...pending, node]) trailing.add(id);
      pending = [];
    } else if (CHEAP.has(node.op)) pending.push(node);
    else break;
    node = byId.get(node.inputs[0]);
  }
  return trailing;
}

/** The part of `graph` that computes `to` from `from`. @throws SealedError `unsupported-layer` if it needs more than that */
function between(graph: Graph, from: ValueId, to: ValueId, name: string): Graph {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const needed = new Set<ValueId>();
  const pending = [to];
  while (pending.length > 0) {
    const id = pending.pop()!;
    if (id === from || needed.has(id)) continue;
    const node = byId.get(id);
    if (!node) {
      throw new SealedError(
        'unsupported-layer',
        `A skip connection passes over ${from}, where the client takes part: cut the network after the connection ends.`,
        { stage: 'compile', detail: { layer: to } },
      );
    }
    needed.add(id);
    pending.push(...node.inputs);
  }
  const shape: Shape = byId.get(from)?.shape ?? graph.input.shape;
  return {
    name,
    input: { id: from, shape },
    nodes: graph.nodes.filter(({ id }) => needed.has(id)),
    output: to,
  };
}

/** A place where the client takes part: it gets `end` and gives back `start`. */
interface Cut {
  readonly end: ValueId;
  readonly start: ValueId;
}

/** The places in order; neighbours at one place become one. */
function cutsOf(graph: Graph, { refresh, clientOps }: SegmentRules): Cut[] {
  const trailing = trailingLayers(graph);
  const refreshed = new Set(refresh.map((index) => layerOutput(graph, index)));
  const cuts: Cut[] = [];
  const cut = (end: ValueId, start: ValueId): void => {
    const last = cuts.at(-1);
    if (last?.start === end) cuts[cuts.length - 1] = { end: last.end, start };
    else cuts.push({ end, start });
  };
  for (const node of graph.nodes) {
    const isClients =
      trailing.has(node.id) || (clientOps && (isClientOnly(node) || node.op === 'activation'));
    if (isClients) cut(node.inputs[0], node.id);
    if (refreshed.has(node.id) && node.id !== graph.output) cut(node.id, node.id);
  }
  return cuts;
}

function layerOutput(graph: Graph, index: number): ValueId {
  const layer = graph.layers?.find((mark) => mark.index === index);
  if (layer) return layer.output;
  const known = graph.layers?.map((mark) => mark.index).join(', ') ?? 'none';
  throw new SealedError(
    'invalid-argument',
    `There is no layer ${index} to refresh after; there are: ${known}.`,
    {
      stage: 'compile',
      detail: { layer: index },
    },
  );
}

/**
 * `graph` as segments.
 * @throws SealedError `invalid-argument` for a refresh after a layer that is not there, `unsupported-layer` where a skip
 *   connection passes over a place where the client takes part
 */
export function cutSegments(graph: Graph, rules: SegmentRules): Segment[] {
  const segments: Segment[] = [];
  let start = graph.input.id;
  for (const { end, start: next } of cutsOf(graph, rules)) {
    const client = next === end ? undefined : between(graph, end, next, `${graph.name}, client`);
    segments.push({ graph: between(graph, start, end, graph.name), client });
    start = next;
  }
  if (start !== graph.output || segments.length === 0) {
    segments.push({ graph: between(graph, start, graph.output, graph.name), client: undefined });
  }
  if (segments.length === 1) return segments;
  return segments.map((segment, i) => ({
    ...segment,
    graph: { ...segment.graph, name: `${graph.name}, part ${i + 1} of ${segments.length}` },
  }));
}
