// A compiled network as figures and text for whoever owns the model.
import type { Graph } from '../model/graph.ts';
import { primesAtLevel } from '../params/parameters.ts';
import { countOperations } from '../plan/counts.ts';
import type {
  ExplainedLayer,
  ExplainedRanges,
  ExplainedSegment,
  Explanation,
  PlanChoice,
  RunPrice,
  ValueBound,
} from '../plan/explanation.ts';
import { printPlan } from '../plan/print.ts';
import type { CompiledForm, FormSegment } from './form.ts';
import { sparsityOf } from './sparsity.ts';
import { isJoint, originalOf } from './general/segments.ts';

/** What the client sees besides the result, in words. */
export function clientLearns({ segments }: CompiledForm): string[] {
  return segments
    .slice(0, -1)
    .flatMap(({ graph, outputs }) => outputs.map(({ id }) => `the value after layer ${id} (${graph.name})`));
}

/** What the server learns, in words. */
export function serverLearns({ segments }: CompiledForm): string[] {
  const learned = segments.flatMap(({ plan, card }) => [
    `the network ${plan.name}`,
    `the input size ${card.input.layout.shape.join('×')}`,
  ]);
  return [...new Set(learned)];
}

/** The shape of `graph`'s output. */
export function outputShapeOf(graph: Graph): readonly number[] {
  return graph.nodes.find(({ id }) => id === graph.output)?.shape ?? graph.input.shape;
}

function explainSegment({ plan, prediction, layouts, graph, client }: FormSegment): ExplainedSegment {
  const counts = countOperations(plan);
  return {
    name: graph.name,
    output: graph.output,
    levels: prediction.levels,
    batch: prediction.batch,
    inputCiphertexts: prediction.inputCiphertexts,
    outputCiphertexts: prediction.outputCiphertexts,
    rotations: counts.rotate.reduce((sum, count) => sum + count, 0),
    rotationKeys: prediction.rotationKeys,
    multiplyPlainByLevel: counts.multiplyPlain,
    counts,
    stages: prediction.stages,
    layouts,
    inputBytes: prediction.inputBytes,
    outputBytes: prediction.outputBytes,
    diagonalBytes: prediction.diagonalBytes,
    evaluateMs: prediction.evaluateMs,
    errorBound: prediction.errorBound,
    clientLayers: client?.nodes.filter(({ id }) => !isJoint(id)).map(({ id, op }) => `${id} (${op})`) ?? [],
    plan: printPlan(plan),
  };
}

/** Ids of the values that the client computes, renamings of a picture included. */
function clientValues({ segments, result }: CompiledForm, graph: Graph): ReadonlySet<string> {
  const finished = result.kind === 'picture' && result.finish.length > 0 ? result.finish.length : 0;
  const renamings = finished > 0 ? graph.nodes.slice(-finished) : [];
  const layers = segments.flatMap(({ client }) => client?.nodes ?? []);
  return new Set([...renamings, ...layers].map(({ id }) => id));
}

/** The file's layers with what computes each of them. */
function explainLayers(graph: Graph, compiled: CompiledForm): ExplainedLayer[] {
  const shapes = new Map(graph.nodes.map(({ id, shape }) => [id, shape]));
  const stages = compiled.segments.flatMap(({ prediction }) => prediction.stages);
  const atClient = clientValues(compiled, graph);
  const marks =
    graph.layers ?? graph.nodes.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  return marks.map(({ index, name, type, output }) => {
    const last = stages.findLastIndex(({ layers }) => layers.includes(output));
    const stage = last < 0 ? undefined : stages[last];
    const place = atClient.has(output) ? 'client' : stage ? 'server' : 'packing';
    return {
      index,
      name,
      type,
      shape: shapes.get(output) ?? graph.input.shape,
      level: stage?.level ?? null,
      scaleBits: stage?.scaleBits ?? null,
      place,
      stage: last < 0 ? null : last,
      computedIn: stage && place === 'server' ? stage.layers.join(', ') : place,
    };
  });
}

/** What the ranges of a network come from: samples, or inputs that are made up between two numbers. */
export function rangesFrom(inputs: number, between: readonly [number, number] | undefined): ExplainedRanges {
  const madeUp = between !== undefined;
  const description = madeUp
    ? `${inputs} made-up inputs of random numbers from ${between[0]} to ${between[1]} (none was given)`
    : `${inputs} given input${inputs === 1 ? '' : 's'}`;
  return { madeUp, inputs, description };
}

/** What values must stay between: where activations were fitted, and where what is decrypted wraps around. */
function boundsOf(segments: readonly FormSegment[]): ValueBound[] {
  return segments.flatMap(({ graph, outputs, fits, card, plan }) => {
    const fitted = fits.flatMap(({ layer, low, high }): ValueBound[] => {
      const node = graph.nodes.find(({ id }) => id === layer);
      return node ? [{ value: originalOf(node.inputs[0]), low, high, layer, reason: 'fit' }] : [];
    });
    const { level, scale } = card.output;
    const modulus = primesAtLevel(plan.parameters, level).reduce((product, q) => product * Number(q), 1);
    const most = modulus / (2 * scale);
    const wrapping = outputs.map(({ id }): ValueBound => {
      return { value: id, low: -most, high: most, layer: id, reason: 'modulus' };
    });
    return [...fitted, ...wrapping];
  });
}

/** The explanation of `graph` as `compiled`. */
export function explain(
  graph: Graph,
  compiled: CompiledForm,
  price: RunPrice,
  predictedError: number,
  ranges: ExplainedRanges,
  choice: PlanChoice,
): Explanation {
  const { segments } = compiled;
  const sparsity = sparsityOf(graph);
  const { parameters } = segments[0].plan;
  const explained = segments.map(explainSegment);
  const roundBytes = explained
    .slice(0, -1)
    .reduce((sum, { outputBytes }, i) => sum + outputBytes + explained[i + 1].inputBytes, 0);
  return {
    model: graph.name,
    form: compiled.form,
    inputShape: graph.input.shape,
    outputShape: outputShapeOf(graph),
    layers: explainLayers(graph, compiled),
    parameters: {
      polyModulusDegree: parameters.polyModulusDegree,
      coeffModulusBits: parameters.coeffModulusBits,
      primes: parameters.primes.map(String),
      logQP: parameters.logQP,
      securityBits: parameters.securityBits,
    },
    segments: explained,
    rounds: segments.length - 1,
    roundBytes,
    clientLearns: clientLearns(compiled),
    serverLearns: serverLearns(compiled),
    keyBytes: choice.keyBytes,
    fits: segments.flatMap(({ fits }) => fits),
    bounds: boundsOf(segments),
    ranges,
    ...(sparsity && { sparsity }),
    price,
    memoryBytes: choice.memoryBytes,
    front: [choice],
    predictedError,
  };
}
