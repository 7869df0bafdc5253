// The error of a whole network: what each segment's noise and each fit becomes on its way through the layers after it.
import { executeGraph } from '../model/execute.ts';
import { elementCount, type Graph, type Node, type Tensor, type ValueId } from '../model/graph.ts';
import { type ClientRound, executeRound } from '../model/rounds.ts';
import type { ExplainedFit } from '../plan/explanation.ts';

// Noise has random signs, the error of a fit has not: all of one sign is tried as well.
const TRIALS = 3;
// Where the result has few values, more trials stand for them.
const LEAST_VALUES = 48;
const MOST_TRIALS = 6;
// A fit's error follows its polynomial, not the signs that are tried.
const FIT_MARGIN = 2;
const MOST_SAMPLES = 2;
// Every trial runs the whole network: of many segments, with one sample.
const MANY_SEGMENTS = 6;

/** A segment with the errors it brings in. */
export interface NoisySegment extends ClientRound {
  readonly graph: Graph;
  readonly fits: readonly Pick<ExplainedFit, 'layer' | 'maxAbsError'>[];
  readonly prediction: { readonly errorBound: number };
}

/** Random signs from a fixed generator. */
function signs(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state & 0x10000 ? 1 : -1;
  };
}

/** Signs of a trial: all plus, all minus, then random ones. */
function signsOf(trial: number, count: number): Float32Array {
  const random = signs(trial);
  return Float32Array.from({ length: count }, () => {
    if (trial < 2) return trial === 0 ? 1 : -1;
    return random();
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

/** What a network in segments has come to before one of them: its input, and what the client keeps. */
export interface Position {
  readonly input: Float32Array;
  readonly kept: Float32Array;
}

/** `input` before the first segment. */
export function startOf({ data }: Tensor): Position {
  return { input: data, kept: new Float32Array(0) };
}

/** What `before` becomes behind `segment`, or with `graph` in the place of its graph and with what its client has `received`. */
export function passOn(
  segment: Pick<NoisySegment, 'graph' | 'client' | 'kept'>,
  { input, kept }: Position,
  graph = segment.graph,
  received = (value: number): number => value,
): Position {
  const output = executeGraph(graph, { shape: graph.input.shape, data: input }).data.map(received);
  const round = executeRound(segment, output, kept, 1);
  return { input: round.values, kept: round.kept };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

/** How much an error of up to `bound` at the value `id` of the first of `segments` changes the result behind the last. */
function reach(
  segments: readonly NoisySegment[],
  id: ValueId,
  bound: number,
  positions: readonly Position[],
): number {
  const [first, ...rest] = segments;
  const { graph } = first;
  const shape = graph.nodes.find((node) => node.id === id)?.shape ?? graph.input.shape;
  const result = (position: Position, own?: Graph): Float32Array =>
    rest.reduce((before, segment) => passOn(segment, before), passOn(first, position, own)).input;
  let most = 0;
  for (const position of positions) {
    const expected = result(position);
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const error = signsOf(trial, elementCount(shape)).map((sign) => sign * bound);
      most = Math.max(most, largestDifference(result(position, disturbed(graph, id, error)), expected));
    }
  }
  return most;
}

/**
 * How much the noise of all `segments` changes the result behind the last: errors of random signs at every segment's end, all
 * in one run. They are as large as the segments' bounds, six deviations, in every value at once, so that what a value of the
 * result is off by in one trial has a deviation of six times its real one; the largest of all values and trials is taken.
 */
function noiseReach(segments: readonly NoisySegment[], positions: readonly Position[]): number {
  let most = 0;
  for (const start of positions) {
    const run = (trial: number): Float32Array => {
      const random = signs(trial);
      return segments.reduce((before, segment, index) => {
        const isResult = index === segments.length - 1 && !segment.client;
        const error = trial === 0 || isResult ? 0 : segment.prediction.errorBound;
        return passOn(segment, before, segment.graph, (value) => value + error * random());
      }, start).input;
    };
    const expected = run(0);
    const trials = Math.min(MOST_TRIALS, Math.max(TRIALS, Math.ceil(LEAST_VALUES / expected.length)));
    for (let trial = 1; trial <= trials; trial += 1) {
      most = Math.max(most, largestDifference(run(trial), expected));
    }
  }
  return most;
}

/**
 * Bound of the error of any output of a network's `segments`: the segments' own noise and the errors of their fits, carried
 * through what follows on `samples`.
 */
export function networkErrorBound(segments: readonly NoisySegment[], samples: readonly Tensor[]): number {
  let positions: readonly Position[] = samples
    .slice(0, segments.length > MANY_SEGMENTS ? 1 : MOST_SAMPLES)
    .map(startOf);
  const last = segments.at(-1)!;
  const hasNoise = segments.length > 1 || last.client !== undefined;
  let bound = hasNoise ? noiseReach(segments, positions) : 0;
  if (!last.client) bound += last.prediction.errorBound;
  segments.forEach((segment, index) => {
    const { fits } = segment;
    const following = segments.slice(index);
    for (const { layer, maxAbsError } of fits)
      bound += FIT_MARGIN * reach(following, layer, maxAbsError, positions);
    if (index < segments.length - 1) positions = positions.map((position) => passOn(segment, position));
  });
  return bound;
}
