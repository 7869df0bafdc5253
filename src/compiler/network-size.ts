// Refuses what is far too large before anything is built for it: by layers, by operations, by ciphertexts × levels × slots.
import { SealedError } from '../base/errors.ts';
import { log2 } from '../base/exact-math.ts';
import { checkGraph } from '../model/check-graph.ts';
import { elementCount, type Graph, type Node, type ValueId } from '../model/graph.ts';
import type { PlanForm } from '../plan/explanation.ts';

/** The most that either form plans; in brackets the most that networks of bench/planning.ts and all styles ask. */
interface SizeLimits {
  /** Operations of one evaluation in the clear (1.3 million; 45 million), each at least one entry of a matrix. */
  readonly operations: number;
  /** Bytes of all ciphertexts at the levels that they need at least (2.6 million; 110 million). */
  readonly ciphertextBytes: number;
}

const LIMITS: Readonly<Record<PlanForm, SizeLimits>> = {
  general: { operations: 2 ** 26, ciphertextBytes: 2 ** 25 },
  channels: { operations: 2 ** 29, ciphertextBytes: 2 ** 28 },
};

/** Nodes of a graph (24). */
const MOST_NODES = 2 ** 12;

// Ciphertexts of N = 8192 are counted, whatever N will be: a value takes as many bytes in other degrees.
const SLOTS = 4096;
const PRIME_BYTES = 2 * 8192 * 4;

/** What a network takes at the least, in whatever form. */
export interface NetworkSize {
  readonly operations: number;
  readonly ciphertextBytes: number;
  /** The value that takes most bytes: its layer, elements and ciphertexts. */
  readonly largest: { readonly layer: ValueId; readonly elements: number; readonly ciphertexts: number };
}

/** Levels that a layer takes whatever it is composed with. */
function levelsOf(node: Node): number {
  switch (node.op) {
    case 'square':
    case 'multiply':
      return 1;
    case 'polynomial':
      return Math.ceil(log2(Math.max(1, node.coefficients.length - 1)));
    case 'activation':
      return 2;
    default:
      return 0;
  }
}

/** Levels that each value needs before the output, at the least. */
function levelsBelow({ nodes }: Graph): ReadonlyMap<ValueId, number> {
  const below = new Map<ValueId, number>();
  for (const node of nodes.toReversed()) {
    const needed = (below.get(node.id) ?? 0) + levelsOf(node);
    for (const input of node.inputs) below.set(input, Math.max(needed, below.get(input) ?? 0));
  }
  return below;
}

/**
 * What `graph` takes at the least: its input, its products and its output are ciphertexts.
 * @param clientTakesPart whether levels start anew in between, so that no depth can be told
 * @throws SealedError `malformed-model` for a graph that is not sound, `does-not-fit` for one of too many layers
 */
export function sizeOf(graph: Graph, clientTakesPart: boolean): NetworkSize {
  if (graph.nodes.length > MOST_NODES) {
    throw new SealedError(
      'does-not-fit',
      `The network has ${graph.nodes.length} layers; at most ${MOST_NODES} are planned. Fold its constants before exporting it, or write what repeats as one layer.`,
      { stage: 'compile', detail: { layers: graph.nodes.length } },
    );
  }
  const { operations } = checkGraph(graph);
  const below = clientTakesPart ? undefined : levelsBelow(graph);
  let ciphertextBytes = 0;
  let mostBytes = -1;
  let largest = { layer: graph.input.id, elements: 0, ciphertexts: 0 };
  const add = (layer: ValueId, elements: number): void => {
    const ciphertexts = Math.ceil(elements / SLOTS);
    const bytes = ciphertexts * ((below?.get(layer) ?? 0) + 1) * PRIME_BYTES;
    ciphertextBytes += bytes;
    if (bytes <= mostBytes) return;
    mostBytes = bytes;
    largest = { layer, elements, ciphertexts };
  };
  add(graph.input.id, elementCount(graph.input.shape));
  for (const node of graph.nodes) {
    if (node.id === graph.output || levelsOf(node) > 0) add(node.id, elementCount(node.shape));
  }
  return { operations, ciphertextBytes, largest };
}

/** Why `size` is too much for `form`; undefined if it is not. */
export function tooLargeFor(size: NetworkSize, form: PlanForm): SealedError | undefined {
  const { operations, ciphertextBytes } = LIMITS[form];
  const advice = 'Make the input smaller, or use strides or pools early.';
  if (size.ciphertextBytes > ciphertextBytes) {
    const { layer, elements, ciphertexts } = size.largest;
    const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
    return new SealedError(
      'does-not-fit',
      `The network takes at least ${megabytes(size.ciphertextBytes)} MB of ciphertexts, ${ciphertexts} of them for the ${elements} values of ${layer} alone; ${megabytes(ciphertextBytes)} MB are the most. ${advice}`,
      { stage: 'compile', detail: { layer, elements, ciphertexts, bytes: size.ciphertextBytes } },
    );
  }
  if (size.operations > operations) {
    const millions = (count: number): number => Math.round(count / 1e6);
    return new SealedError(
      'does-not-fit',
      `One evaluation of the network takes ${millions(size.operations)} million operations in the clear; ${millions(operations)} million are the most. ${advice}`,
      { stage: 'compile', detail: { operations: size.operations } },
    );
  }
  return undefined;
}
