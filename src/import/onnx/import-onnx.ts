// ONNX files → the layer graph: constants folded, the batch axis stripped, every other layer refused by name.
import { SealedError } from '../../base/errors.ts';
import type { Graph, Shape, Tensor } from '../../model/graph.ts';
import { printable } from '../file-text.ts';
import { GraphBuilder } from '../graph-builder.ts';
import { allFinite } from '../non-finite.ts';
import { decodeModel, decodeTensor, isFloating } from './decode.ts';
import { canFold, constantNode, constantOfShape, fold } from './fold.ts';
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from './onnx_pb.js';
import { neededNodes, outputName } from './node-order.ts';
import { importerOf, isStandardDomain, suggestionFor } from './operators.ts';
import { foldByRunning } from './run-constants.ts';
import { checkTypes } from './operators/cast.ts';
import { BatchMixed, Scope } from './scope.ts';
import { integers, malformed, unsupported, WHOLES } from './values.ts';
import type { Constant, Data, Value } from './values.ts';

/** Options of {@link importOnnx}. */
export interface OnnxImportOptions {
  /** The input's shape, with or without batch axis, where the file leaves it open or another size is wanted. */
  readonly inputShape?: Shape;
  /** Values for graph inputs other than the data, by name. */
  readonly constants?: Readonly<Record<string, Tensor>>;
  /** Name of the output to compute; the first one otherwise. */
  readonly output?: string;
}

/**
 * Reads an ONNX model (operator sets 6 and up) into a graph over one sample: an open or one-sized batch axis is stripped,
 * a fixed larger one, too, unless a layer mixes samples; then the graph takes the whole batch as one input.
 * BatchNormalization becomes a factor and a summand per channel; shape arithmetic is folded away.
 * @throws SealedError `unsupported-layer` naming node and operator and what to use instead; `malformed-model` for a file
 * that is damaged or contradicts itself; `invalid-argument` where the input's shape is needed.
 */
export function importOnnx(bytes: Uint8Array, options: OnnxImportOptions = {}): Graph {
  try {
    const model = decodeModel(bytes);
    try {
      return importModel(model, options, true);
    } catch (error) {
      if (!(error instanceof BatchMixed)) throw error;
      return importModel(model, options, false);
    }
  } catch (error) {
    if (error instanceof SealedError) throw error;
    // Whatever a hostile file provokes in here (an array of impossible length, say) is the file's fault.
    throw new SealedError('malformed-model', 'The model contradicts itself and cannot be read.', {
      stage: 'model',
      cause: error,
    });
  }
}

function importModel(model: ModelProto, options: OnnxImportOptions, stripBatch: boolean): Graph {
  const { graph } = model;
  if (!graph) throw malformed('The file holds no graph.');
  const opset = model.opsetImport.find(({ domain }) => isStandardDomain(domain))?.version ?? 6n;
  const values = new Map<string, Value>();
  for (const tensor of graph.initializer) values.set(tensor.name, decodeTensor(tensor));
  for (const [name, tensor] of Object.entries(options.constants ?? {})) {
    values.set(name, {
      kind: 'constant',
      dims: tensor.shape,
      data: tensor.data,
      integer: isInteger(graph, name),
    });
  }
  const name = outputName(graph, options.output);
  const nodes = neededNodes(graph, name);
  const input = dataInput(graph, nodes, values);
  const dims = inputDims(input, options.inputShape);
  const batched = stripBatch && dims.length > 1;
  const builder = new GraphBuilder(graph.name || 'onnx', input.name, batched ? dims.slice(1) : dims);
  values.set(input.name, { kind: 'data', id: input.name, dims, batched, type: typeOf(input) });
  let index = 0;
  const spoilt = new Map<string, string>();
  for (const node of nodes) {
    if (importNode(node, builder, Number(opset), values, spoilt, index)) index++;
  }
  const output = values.get(name);
  if (!output) throw malformed(`The model computes no output '${printable(name)}'.`);
  if (output.kind === 'constant')
    throw malformed(
      `The output '${printable(name)}' does not depend on the input '${printable(input.name)}'.`,
    );
  return builder.finish(output.id);
}

/**
 * Imports one node as layer `index`; false where it was folded and is no layer.
 * @param spoilt which node first made NaN or infinite numbers of finite ones, by the constants that hold them
 */
function importNode(
  node: NodeProto,
  builder: GraphBuilder,
  opset: number,
  values: Map<string, Value>,
  spoilt: Map<string, string>,
  index: number,
): boolean {
  const inputs = node.input.map((name): Value | undefined => {
    const value = values.get(name);
    if (name !== '' && !value)
      throw malformed(`Node '${nameOf(node)}' uses '${printable(name)}' before it is computed.`);
    return value;
  });
  const outputs = node.output.filter((name) => name !== '');
  const scope = new Scope(builder, opset, node.opType, inputs, outputs.length, node.attribute);
  const mark = builder.size;
  const label = `Node '${nameOf(node)}', ${printable(node.opType)}`;
  const detail = { node: nameOf(node), operator: printable(node.opType) };
  const bad = inputs.findIndex((value) => value?.kind === 'constant' && !allFinite(value.data));
  const source = bad < 0 ? undefined : (spoilt.get(node.input[bad]) ?? `'${printable(node.input[bad])}'`);
  builder.begin({ label, detail, cause: source && ` That comes from ${source}.` });
  let results: Value[];
  try {
    results = [evaluate(scope, node.domain)].flat();
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    throw new SealedError(error.code, `${label}: ${error.message}`, { stage: 'model', detail, cause: error });
  }
  node.output.forEach((name, i) => {
    const result = results[i];
    // Outputs beyond the results are Dropout's mask and BatchNormalization's statistics: not there at inference.
    if (name === '' || !result) return;
    if (values.has(name)) throw malformed(`Two nodes compute '${printable(name)}'.`);
    if (result.kind === 'constant') {
      values.set(name, result);
      if (!allFinite(result.data))
        spoilt.set(name, source ?? `node '${nameOf(node)}', ${printable(node.opType)}`);
      return;
    }
    const id = builder.rename(result.id, name, mark);
    values.set(name, { ...result, id });
    if (i === 0) builder.mark({ index, name: nameOf(node), type: printable(node.opType), output: id });
  });
  return results.some((result) => result.kind === 'data');
}

/** The node's outputs: folded where all inputs are constants. */
function evaluate(scope: Scope, domain: string): Value | Value[] {
  const { operator, inputs } = scope;
  const importer = importerOf(domain, operator);
  if (!isStandardDomain(domain) && !importer) {
    throw unsupported(
      `operators of '${printable(domain)}' are not supported: export with operators of ONNX's own.`,
    );
  }
  if (operator === 'Constant') return constantNode(scope);
  if (operator === 'ConstantOfShape') return constantOfShape(scope);
  if (operator === 'Shape' || operator === 'Size') return shapeOf(scope);
  const given = inputs.filter((value) => value !== undefined);
  if (given.length > 0 && given.every((value): value is Constant => value.kind === 'constant')) {
    if (canFold(operator)) return fold(scope, given);
    if (importer && !FOLDS_ITSELF.has(operator)) return foldByRunning(scope, importer);
  }
  if (!importer) throw unsupported(`not supported: ${suggestionFor(operator)}.`);
  checkTypes(scope);
  return importer(scope);
}

/** Operators whose importers take constants, too. */
const FOLDS_ITSELF: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear', 'Quant']);

/** Shape and Size, which are known although the data is not. */
function shapeOf(scope: Scope): Constant {
  const dims = scope.inputs[0]?.dims;
  if (!dims) throw malformed('its input is missing.');
  if (scope.operator === 'Size') return integers([dims.reduce((product, size) => product * size, 1)], []);
  const end = scope.has('end') ? scope.int('end', 0) : dims.length;
  return integers(dims.slice(scope.int('start', 0), end));
}

/** The one graph input that is neither initialiser nor given constant, of those that the output needs. */
function dataInput(
  graph: GraphProto,
  nodes: readonly NodeProto[],
  known: ReadonlyMap<string, Value>,
): ValueInfoProto {
  const all = graph.input.filter(({ name }) => !known.has(name));
  const read = new Set(nodes.flatMap(({ input }) => input));
  const needed = all.filter(({ name }) => read.has(name));
  const open = needed.length > 0 ? needed : all;
  if (open.length === 1) return open[0];
  if (open.length === 0) throw malformed('The model has no input.');
  const names = open
    .map(({ name }) => `'${printable(name)}'`)
    .slice(0, 8)
    .join(', ');
  throw unsupported(
    `The model has ${open.length} inputs (${names}), and one is encrypted: make the others constants of the file (initializers), or take an output that needs one alone.`,
  );
}

/** The input's ONNX shape: from the file, open axes and all of it replaced by what the caller gives. */
function inputDims(input: ValueInfoProto, given: Shape | undefined): number[] {
  const type = input.type?.value;
  const tensor = type?.case === 'tensorType' ? type.value : undefined;
  const stated = tensor?.shape?.dim.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : undefined,
  );
  if (given && stated && given.length === stated.length - 1) return [positive(stated[0]) ?? 1, ...given];
  if (given && (!stated || given.length === stated.length)) return [...given];
  const sizes = stated?.map((size, axis) => positive(size) ?? (axis === 0 ? 1 : undefined));
  if (given || !sizes?.every((size) => size !== undefined)) {
    const shape = stated?.map((size) => positive(size) ?? '?').join('×') ?? 'no shape';
    throw new SealedError(
      'invalid-argument',
      `The input '${printable(input.name)}' has ${shape}: give its size${given ? ` with that many axes, not ${given.join('×')}` : ''}.`,
      { stage: 'model' },
    );
  }
  return sizes;
}

/** The type of the input: whole numbers are given as such, by whoever encrypts them. */
function typeOf(input: ValueInfoProto): Data['type'] {
  const type = input.type?.value;
  const number = type?.case === 'tensorType' ? type.value.elemType : 0;
  if (number === 0 || isFloating(number)) return 'float';
  const whole = WHOLES.get(number);
  if (!whole) throw unsupported(`The input '${printable(input.name)}' is of data type ${number}: use float.`);
  return whole;
}

function positive(size: number | undefined): number | undefined {
  return size !== undefined && size > 0 ? size : undefined;
}

function isInteger(graph: GraphProto, name: string): boolean {
  const type = graph.input.find((input) => input.name === name)?.type?.value;
  return type?.case === 'tensorType' && type.value.elemType !== 0 && !isFloating(type.value.elemType);
}

function nameOf(node: NodeProto): string {
  return printable(node.name || node.output[0] || '?');
}
