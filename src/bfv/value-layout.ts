// A network with one value in each ciphertext, as PyCrCNN runs it: every output a sum of multiples, a square, or a copy.
import { SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Node, type Shape } from '../model/graph.ts';
import { type SumRule, sumRule, unsupported } from './layer-sums.ts';

/** One value of a layer: Σ weights[i] · before[sources[i]], divided, plus bias. */
export interface ValueSum {
  /** Which elements of the layer before, counted through all pictures. */
  readonly sources: Int32Array;
  readonly weights: Float32Array;
  readonly bias: number;
  readonly divisor: number;
}

/** A layer. Values are in C order, picture after picture. */
export interface ValueStep {
  readonly node: Node;
  /** Values of the layer, of all pictures. */
  readonly count: number;
  readonly kind: 'sums' | 'squares' | 'same' | 'refresh';
  /** Whether the weights are a network's; those of a pooling are ones. */
  readonly weighted: boolean;
  /** The sum that makes a value. Made anew on each call: a layer of thousands of inputs would not fit otherwise. */
  readonly sumOf: (element: number) => ValueSum;
}

function noSum(): never {
  throw new SealedError('internal', 'Only layers of sums have sums.');
}

/**
 * The layers of `graph` for `pictures` inputs.
 * @param refreshed ids of the nodes after which the client decrypts and encrypts again
 * @throws SealedError `unsupported-layer` naming the layer; `invalid-argument` without layers
 */
export function layOutValues(graph: Graph, pictures: number, refreshed: ReadonlySet<string>): ValueStep[] {
  if (graph.nodes.length === 0)
    throw new SealedError('invalid-argument', 'There is no layer to run.', { stage: 'model' });
  const steps: ValueStep[] = [];
  let before: { readonly id: string; readonly shape: Shape } = graph.input;
  for (const node of graph.nodes) {
    if (node.inputs.length !== 1 || node.inputs[0] !== before.id)
      throw unsupported(node, 'it reads more than the layer before it.');
    const step = { node, count: pictures * elementCount(node.shape), weighted: false, sumOf: noSum };
    if (node.op === 'square') steps.push({ ...step, kind: 'squares' });
    else if (node.op === 'reshape') steps.push({ ...step, kind: 'same' });
    else {
      const rule = sumRule(node, before.shape);
      const sumOf = (element: number): ValueSum => sumAt(rule, element);
      steps.push({ ...step, kind: 'sums', weighted: rule.weighted, sumOf });
    }
    if (refreshed.has(node.id)) steps.push({ ...step, kind: 'refresh' });
    before = node;
  }
  return steps;
}

function sumAt(rule: SumRule, element: number): ValueSum {
  const { taps, bias } = rule.of(element);
  const [sources, weights]: [number[], number[]] = [[], []];
  for (const { weight, source } of taps) {
    const from = source(element);
    // Padding adds nothing.
    if (from < 0) continue;
    sources.push(from);
    weights.push(weight);
  }
  return {
    sources: Int32Array.from(sources),
    weights: Float32Array.from(weights),
    bias,
    divisor: rule.divisorOf(element),
  };
}
