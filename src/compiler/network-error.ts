// The error of a whole network: what each segment's noise and each fit becomes on its way through the layers after it.
import { executeGraph } from '../model/execute.ts';
import { elementCount, type Graph, type Node, type Tensor, type ValueId } from '../model/graph.ts';
import type { ExplainedFit } from '../plan/explanation.ts';

// Noise has random signs, the error of a fit has not: all of one sign is tried as well.
const TRIALS = 3;
// A fit's error follows its polynomial, not the signs that are tried.
const FIT_MARGIN = 2;
const MOST_SAMPLES = 2;

/** A segment with the errors it brings in. */
export interface NoisySegment {
  readonly graph: Graph;
  readonly client: Graph | undefined;
  readonly fits: readonly Pick<ExplainedFit, 'layer' | 'maxAbsError'>[];
  readonly prediction: { readonly errorBound: number };
}

/** Signs of a trial: all plus, all minus, then random ones from a fixed generator. */
function signsOf(trial: number, count: number): Float32Array {
  let state = trial + 1;
  return Float32Array.from({ length: count }, () => {
    if (trial < 2) return trial === 0 ? 1 : -1;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state & 0x10000 ? 1 : -1;
  });
}

/** `graph` with `error` added to the value `id`. */
function disturbed(graph: Graph, id: ValueId, error: Float32Array): Graph {
  const shape = graph.nodes.find((node) => node.id === id)?.shape ?? graph.input.shape;
  const noisy = `${id} disturbed`;
  const node: Node = { id: noisy, inputs: [id], shape, op: 'addConstant', constant: { shape, data: error } };
  const redirect = (value: ValueId): ValueId => (value === id ? noisy : value);
  const renamed = graph.nodes.map((other) => ({ ...other, inputs: other.inputs.map(redirect) }));
  const at = graph.nodes.findIndex((other) => other.id === id) + 1;
  return {
    ...graph,
    nodes: [...renamed.slice(0, at), node, ...renamed.slice(at)],
    output: redirect(graph.output),
  };
}

/** The graphs that follow one another, the client's included. */
export function chainOf(segments: readonly NoisySegment[]): Graph[] {
  return segments.flatMap(({ graph, client }) => (client ? [graph, client] : [graph]));
}

/** What `input` becomes on its way through `chain`. */
export function runChain(chain: readonly Graph[], input: Tensor): Tensor {
  return chain.reduce(
    (value, graph) => executeGraph(graph, { shape: graph.input.shape, data: value.data }),
    input,
  );
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

/** How much an error of up to `bound` at the value `id` of the first graph of `chain` changes the chain's result. */
function reach(chain: readonly Graph[], id: ValueId, bound: number, inputs: readonly Tensor[]): number {
  const [graph, ...rest] = chain;
  const shape = graph.nodes.find((node) => node.id === id)?.shape ?? graph.input.shape;
  let most = 0;
  for (const input of inputs) {
    const expected = runChain(chain, input).data;
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const error = signsOf(trial, elementCount(shape)).map((sign) => sign * bound);
      const actual = runChain([disturbed(graph, id, error), ...rest], input).data;
      most = Math.max(most, largestDifference(actual, expected));
    }
  }
  return most;
}

/**
 * Bound of the error of any output of a network's `segments`: each segment's own noise and the errors of its fits, carried through what
 * follows on `samples`.
 */
export function networkErrorBound(segments: readonly NoisySegment[], samples: readonly Tensor[]): number {
  let inputs: readonly Tensor[] = samples.slice(0, MOST_SAMPLES);
  let bound = 0;
  segments.forEach((segment, index) => {
    const { graph, client, prediction, fits } = segment;
    const chain = chainOf(segments.slice(index));
    const isResult = index === segments.length - 1 && !client;
    bound += isResult ? prediction.errorBound : reach(chain, graph.output, prediction.errorBound, inputs);
    for (const { layer, maxAbsError } of fits) bound += FIT_MARGIN * reach(chain, layer, maxAbsError, inputs);
    if (index < segments.length - 1) {
      inputs = inputs.map((input) => runChain(client ? [graph, client] : [graph], input));
    }
  });
  return bound;
}
