// Who computes which value, and in which stretch: the server in as few stretches as the client's layers allow.
import { SealedError } from '../../base/errors.ts';
import type { Graph, Node, ValueId } from '../../model/graph.ts';

/** Where the client takes part. */
export interface SegmentRules {
  /** Indices of `graph.layers` after which the client refreshes. */
  readonly refresh: readonly number[];
  /** Whether the client also computes activations and pools in the middle of the network. */
  readonly clientOps: boolean;
}

/** Where a value comes from: made by the server in stretch `round`, or by the client from what that stretch gives. */
export interface Place {
  readonly by: 'server' | 'client';
  readonly round: number;
}

const CLIENT_ONLY: ReadonlySet<Node['op']> = new Set(['maxPool', 'softmax', 'argmax', 'cast', 'normalize']);
const RESHAPES: ReadonlySet<Node['op']> = new Set(['reshape', 'transpose']);
/** Layers so cheap that the client may compute them between two of its own. */
const CHEAP: ReadonlySet<Node['op']> = new Set([
  ...RESHAPES, 'slice', 'pad', 'resizeNearest', 'depthToSpace', 'mulConstant', 'addConstant',
]); // prettier-ignore
/** Layers that join what the client sees of both branches of a skip. */
const JOINS: ReadonlySet<Node['op']> = new Set(['add', 'subtract', 'concat']);

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

function layerOutput(graph: Graph, index: number): ValueId {
  const layer = graph.layers?.find((mark) => mark.index === index);
  if (layer) return layer.output;
  const known = graph.layers?.map((mark) => mark.index).join(', ') ?? 'none';
  throw new SealedError(
    'invalid-argument',
    `There is no layer ${index} to refresh after; there are: ${known}.`,
    { stage: 'compile', detail: { layer: index } },
  );
}

/** The nodes that the output depends on, in order. */
export function neededNodes({ nodes, output }: Graph): Node[] {
  const needed = new Set([output]);
  for (const { id, inputs } of nodes.toReversed())
    if (needed.has(id)) for (const input of inputs) needed.add(input);
  return nodes.filter(({ id }) => needed.has(id));
}

/** Nodes that read each value. */
export function readersOf(nodes: readonly Node[]): ReadonlyMap<ValueId, readonly Node[]> {
  const readers = new Map<ValueId, Node[]>();
  for (const node of nodes) {
    for (const id of new Set(node.inputs)) {
      const known = readers.get(id);
      if (known) known.push(node);
      else readers.set(id, [node]);
    }
  }
  return readers;
}

/**
 * The place of the input and of each of `nodes`.
 * @param nodes those that the output depends on, see {@link neededNodes}
 * @throws SealedError `invalid-argument` for a refresh after a layer that is not there
 */
export function placesOf(
  graph: Graph,
  nodes: readonly Node[],
  { refresh, clientOps }: SegmentRules,
): { readonly places: Map<ValueId, Place>; readonly refreshed: ReadonlySet<ValueId> } {
  const refreshed = new Set(refresh.map((index) => layerOutput(graph, index)));
  const trailing = trailingLayers(graph);
  const isClients = (node: Node): boolean =>
    trailing.has(node.id) || (clientOps && (isClientOnly(node) || node.op === 'activation'));
  const readers = readersOf(nodes);
  // Those whose results go to the client whoever makes them: it may make them as well.
  const endAtClient = new Set<ValueId>();
  for (const node of nodes.toReversed()) {
    const reading = readers.get(node.id) ?? [];
    const isCheap = CHEAP.has(node.op) || JOINS.has(node.op);
    if (isClients(node)) endAtClient.add(node.id);
    else if (isCheap && reading.length > 0 && reading.every(({ id }) => endAtClient.has(id)))
      endAtClient.add(node.id);
  }
  const places = new Map<ValueId, Place>([[graph.input.id, { by: 'server', round: 0 }]]);
  const availableIn = (id: ValueId): number => {
    const { by, round } = places.get(id)!;
    return by === 'client' || refreshed.has(id) ? round + 1 : round;
  };
  for (const node of nodes) {
    const inputs = node.inputs.map((id) => places.get(id)!);
    const clientRound = Math.max(0, ...inputs.map(({ round }) => round));
    const isSeen = inputs.some(({ by, round }) => by === 'client' || round < clientRound);
    const by = isClients(node) || (isSeen && endAtClient.has(node.id)) ? 'client' : 'server';
    const round = by === 'client' ? clientRound : Math.max(0, ...node.inputs.map(availableIn));
    places.set(node.id, { by, round });
  }
  moveLater(graph, nodes, places, readers, refreshed);
  return { places, refreshed };
}

/**
 * Puts what the server can make later, from what the client gives it, into the stretch that reads it: a value that would
 * otherwise go to the client and back.
 */
function moveLater(
  graph: Graph,
  nodes: readonly Node[],
  places: Map<ValueId, Place>,
  readers: ReadonlyMap<ValueId, readonly Node[]>,
  refreshed: ReadonlySet<ValueId>,
): void {
  const next = new Map<ValueId, number>();
  const roundOf = (id: ValueId): number => next.get(id) ?? places.get(id)!.round;
  for (const { id } of nodes.toReversed()) {
    const { by, round } = places.get(id)!;
    const reading = readers.get(id) ?? [];
    const isFixed = by === 'client' || id === graph.output || refreshed.has(id);
    if (isFixed || reading.some((reader) => places.get(reader.id)!.by === 'client')) continue;
    const first = Math.min(...reading.map((reader) => roundOf(reader.id)));
    if (first > round) next.set(id, first);
  }
  for (const { id, inputs } of nodes) {
    const round = next.get(id);
    if (round === undefined) continue;
    const isGiven = inputs.every((input) => {
      const place = places.get(input)!;
      return place.by === 'client' || place.round === round;
    });
    if (isGiven) places.set(id, { by: 'server', round });
  }
}
