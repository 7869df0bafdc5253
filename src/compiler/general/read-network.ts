// Reads a graph into a program: linear layers composed, squares and products kept, other functions fitted by polynomials.
import { SealedError } from '../../base/errors.ts';
import {
  type Activation,
  elementCount,
  type Graph,
  type Node,
  type NodeOf,
  type Shape,
  type ValueId,
} from '../../model/graph.ts';
import type { ExplainedFit } from '../../plan/explanation.ts';
import { activate } from '../../model/operators/elementwise.ts';
import type { Range, Ranges } from '../calibrate.ts';
import { type ChebyshevSeries, expandSeries, fit, fitError, interpolate, type Leaves } from './chebyshev.ts';
import { concatPart, linearMap } from './linear-maps.ts';
import type { PlanningWork } from './planning-work.ts';
import { type Affine, type Program, ProgramBuilder, soleBase } from './program.ts';
import { materialize, type Quadratic, quadraticAfter, quadraticOf } from './quadratics.ts';
import type { SparseMap } from './sparse-map.ts';

export type { ExplainedFit as FitReport } from '../../plan/explanation.ts';

/** A program and the fits in it. */
export interface ReadNetwork {
  readonly program: Program;
  readonly fits: readonly ExplainedFit[];
}

/** The error for a layer that has no encrypted form. */
function unsupported(node: Node, message: string): SealedError {
  return new SealedError('unsupported-layer', `Layer ${node.id} (${node.op}): ${message}`, {
    stage: 'compile',
    detail: { layer: node.id, op: node.op },
  });
}

/** What all ways to read one network have in common: computed once for a node. */
interface Shared {
  readonly ranges: Ranges;
  readonly tolerance: number;
  readonly maps: Map<Node, SparseMap | undefined>;
  readonly fitted: Map<Node, Fitted>;
}

/** A value: affine, or a quadratic of one that is, until something needs it. */
interface Value {
  readonly quadratic: Quadratic;
  affine: Affine | undefined;
}

/** One way to read a network. */
interface Reader extends Shared {
  readonly builder: ProgramBuilder;
  readonly values: Map<ValueId, Value>;
  readonly fits: ExplainedFit[];
  readonly leaves: Leaves;
}

/** Whether `node` becomes a series, whose coefficients can sit in two places. */
function isSeries(node: Node): boolean {
  return node.op === 'activation' || (node.op === 'polynomial' && trimmed(node.coefficients).length > 3);
}

/**
 * `graph` as a program: with the coefficients of series composed into the stage before, and, if it has a series, with these
 * apart as well; with narrow layers composed into those behind them, and, where that makes them larger, apart as well.
 * @param ranges what each value takes over the calibration inputs; activations are fitted over these
 * @param tolerance largest fit error, relative to half the width of the range
 * @param work counts what is multiplied out
 * @param seams values that are to stand in ciphertexts of their own, composed with nothing that comes after
 * @throws SealedError `unsupported-layer` naming a layer that only the client can compute
 */
export function readNetwork(
  graph: Graph,
  ranges: Ranges,
  tolerance: number,
  work?: PlanningWork,
  seams: ReadonlySet<ValueId> = new Set(),
): ReadNetwork[] {
  const shared: Shared = { ranges, tolerance, maps: new Map(), fitted: new Map() };
  const builder = new ProgramBuilder(work);
  const ways = readWays(graph, shared, builder, seams);
  if (!builder.hasGrown) return ways;
  return [...ways, ...readWays(graph, shared, new ProgramBuilder(work, 1), seams)];
}

function readWays(
  graph: Graph,
  shared: Shared,
  builder: ProgramBuilder,
  seams: ReadonlySet<ValueId>,
): ReadNetwork[] {
  const { input } = graph;
  const start = builder.input(input.shape, elementCount(input.shape));
  const composed: Reader = {
    ...shared,
    builder,
    values: new Map([[input.id, valueOf(start)]]),
    fits: [],
    leaves: 'composed',
  };
  const readers = [composed];
  const lastUse = lastUses(graph);
  for (const node of graph.nodes) {
    if (readers.length === 1 && isSeries(node)) {
      readers.push({
        ...shared,
        builder: builder.fork(),
        values: new Map([...composed.values].map(([id, value]) => [id, { ...value }])),
        fits: [],
        leaves: 'apart',
      });
    }
    for (const reader of readers) {
      reader.values.set(node.id, readValue(reader, node, seams.has(node.id) && node.id !== graph.output));
      // A long network has thousands of values, each with its matrices.
      for (const id of node.inputs) if (lastUse.get(id) === node) reader.values.delete(id);
    }
  }
  return readers.map((reader) => ({
    program: reader.builder.finish(affineOf(reader, graph.output)),
    fits: reader.fits,
  }));
}

function valueOf(affine: Affine): Value {
  return { quadratic: quadraticOf(affine), affine };
}

/** Value `id` as an affine one: made once. */
function affineOf({ builder, values }: Reader, id: ValueId): Affine {
  const value = values.get(id)!;
  return (value.affine ??= materialize(builder, value.quadratic));
}

/** What `node` computes; where `isWhole`, as a value that exists by itself. */
function readValue(reader: Reader, node: Node, isWhole: boolean): Value {
  const { builder, values } = reader;
  const inputs = node.inputs.map((id) => values.get(id)!);
  const quadratic = quadraticAfter(
    node,
    inputs.map((value) => value.quadratic),
    () => mapOf(reader, node, inputs[0].quadratic.shape),
  );
  if (quadratic && !isWhole) return { quadratic, affine: undefined };
  const affine = quadratic
    ? materialize(builder, quadratic)
    : readNode(
        reader,
        node,
        node.inputs.map((id) => affineOf(reader, id)),
      );
  const isApart = isWhole && soleBase(affine) === undefined;
  return valueOf(isApart ? builder.copy(affine, affine.layers) : affine);
}

/** The node that reads each value last; the output is read after all of them. */
function lastUses({ nodes, output }: Graph): ReadonlyMap<ValueId, Node> {
  const last = new Map<ValueId, Node>();
  for (const node of nodes) for (const id of node.inputs) last.set(id, node);
  last.delete(output);
  return last;
}

/** The map of a linear layer, made once. */
function mapOf({ maps }: Shared, node: Node, shape: Shape): SparseMap | undefined {
  if (!maps.has(node)) maps.set(node, linearMap(node, shape));
  return maps.get(node);
}

function readNode(reader: Reader, node: Node, inputs: readonly Affine[]): Affine {
  const { builder, ranges } = reader;
  const [value] = inputs;
  switch (node.op) {
    case 'reshape':
      return { ...value, shape: node.shape };
    case 'add':
      return builder.add(value, inputs[1]);
    case 'subtract':
      return builder.add(value, inputs[1], -1);
    case 'concat':
      return concat(builder, node, inputs);
    case 'square':
      return builder.product(value, value, node.id);
    case 'multiply':
      return builder.product(value, node.inputs[0] === node.inputs[1] ? value : inputs[1], node.id);
    case 'polynomial':
      return polynomial(reader, node, value, ranges.of(node.inputs[0]));
    case 'activation':
      return activation(reader, node, value, ranges.of(node.inputs[0]));
    case 'maxPool':
      throw unsupported(node, 'the server can compute an average pool, but no maximum.');
    case 'softmax':
    case 'argmax':
    case 'cast':
    case 'normalize':
      throw unsupported(node, 'only the client can compute it.');
    default: {
      const map = mapOf(reader, node, value.shape);
      if (!map) throw unsupported(node, 'it has no encrypted form.');
      return builder.apply(map, value, node.shape, node.id);
    }
  }
}

function concat(builder: ProgramBuilder, node: NodeOf<'concat'>, inputs: readonly Affine[]): Affine {
  const shapes = inputs.map(({ shape }) => shape);
  return inputs
    .map((value, index) => builder.apply(concatPart(node, shapes, index), value, node.shape, node.id))
    .reduce((sum, part) => builder.add(sum, part));
}

/** Coefficients without the zeros at the end. */
function trimmed(coefficients: readonly number[]): number[] {
  const result = [...coefficients];
  while (result.length > 1 && result.at(-1) === 0) result.pop();
  return result;
}

/** A polynomial that no square makes: exact as a Chebyshev series over the range. */
function polynomial(
  { builder, leaves }: Reader,
  node: NodeOf<'polynomial'>,
  value: Affine,
  range: Range,
): Affine {
  const coefficients = trimmed(node.coefficients);
  const evaluate = (x: number): number => coefficients.reduceRight((sum, k) => sum * x + k, 0);
  const series = interpolate(evaluate, range.low, range.high, coefficients.length - 1);
  return expandSeries(builder, value, range, () => series.coefficients, node.id, leaves);
}

/** An activation's series: one for each channel, or one for all. */
interface Fitted {
  readonly series: readonly ChebyshevSeries[];
  readonly report: ExplainedFit;
}

function fitActivation({ tolerance }: Shared, node: NodeOf<'activation'>, range: Range): Fitted {
  const { function: fn } = node;
  const target = withoutSteps(fn);
  const channels = fn.kind === 'prelu' ? fn.slopes.length : 1;
  const allowed = (tolerance * (range.high - range.low)) / 2;
  const first = Array.from({ length: channels }, (_, channel) =>
    fit((x) => activate(target, x, channel), range.low, range.high, allowed),
  );
  // One degree for all channels: they share the powers.
  const degree = Math.max(...first.map(({ series }) => series.coefficients.length - 1));
  const series = first.map((_, channel) =>
    interpolate((x) => activate(target, x, channel), range.low, range.high, degree),
  );
  const errors = series.map((s, channel) => fitError((x) => activate(fn, x, channel), s));
  const maxAbsError = Math.max(...errors);
  return { series, report: { layer: node.id, function: fn.kind, degree, ...range, maxAbsError } };
}

/**
 * What is fitted: no polynomial follows the steps of quantising, so they are left out and count as error, and its bounds
 * alone are fitted.
 */
function withoutSteps(fn: Activation): Activation {
  if (fn.kind !== 'quantize') return fn;
  return { kind: 'clip', low: fn.scale * fn.low, high: fn.scale * fn.high };
}

function activation(reader: Reader, node: NodeOf<'activation'>, value: Affine, range: Range): Affine {
  let fitted = reader.fitted.get(node);
  if (!fitted) reader.fitted.set(node, (fitted = fitActivation(reader, node, range)));
  const { series, report } = fitted;
  reader.fits.push(report);
  const perChannel = value.bias.length / series.length;
  const coefficientsOf = (i: number): readonly number[] =>
    series[series.length === 1 ? 0 : Math.floor(i / perChannel)].coefficients;
  return expandSeries(reader.builder, value, range, coefficientsOf, node.id, reader.leaves);
}
