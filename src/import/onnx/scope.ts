// What an operator's importer works with: one ONNX node, its attributes, and the batch axis kept out of the graph.
import type { Operation, Shape, Tensor } from '../../model/graph.ts';
import { elementCount } from '../../model/graph.ts';
import { countUp } from '../graph-builder.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { decodeTensor } from './decode.ts';
import type { AttributeProto } from './onnx_pb.js';
import { malformed, sameDims, unsupported } from './values.ts';
import type { Constant, Data, Value } from './values.ts';

/** Thrown when a layer mixes the samples of a batch: the import starts again with the batch as an ordinary axis. */
export class BatchMixed extends Error {}

/** One ONNX node being imported. */
export class Scope {
  readonly builder: GraphBuilder;
  /** Version of ONNX's operator set, which decides how attributes are read. */
  readonly opset: number;
  readonly operator: string;
  readonly inputs: readonly (Value | undefined)[];
  /** How many outputs the node names. */
  readonly outputCount: number;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    builder: GraphBuilder,
    opset: number,
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputCount: number,
    attributes: readonly AttributeProto[],
  ) {
    this.builder = builder;
    this.opset = opset;
    this.operator = operator;
    this.inputs = inputs;
    this.outputCount = outputCount;
    this.#attributes = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  /** The same node with other inputs, in another graph. */
  on(builder: GraphBuilder, inputs: readonly (Value | undefined)[]): Scope {
    return new Scope(builder, this.opset, this.operator, inputs, this.outputCount, [
      ...this.#attributes.values(),
    ]);
  }

  /** Whether the attribute is given. */
  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.#attributes.get(name);
    return attribute ? safe(attribute.i) : otherwise;
  }

  ints(name: string): number[] | undefined {
    return this.#attributes.get(name)?.ints.map(safe);
  }

  float(name: string, otherwise: number): number {
    return this.#attributes.get(name)?.f ?? otherwise;
  }

  floats(name: string): number[] | undefined {
    return this.#attributes.get(name)?.floats;
  }

  string(name: string, otherwise: string): string {
    const attribute = this.#attributes.get(name);
    return attribute ? new TextDecoder().decode(attribute.s) : otherwise;
  }

  tensor(name: string): Constant | undefined {
    const proto = this.#attributes.get(name)?.t;
    return proto && decodeTensor(proto);
  }

  /** Input `index`, which depends on the network's input. */
  data(index = 0): Data {
    const value = this.inputs[index];
    if (!value) throw malformed(`input ${index} is missing.`);
    if (value.kind === 'constant') throw unsupported(`input ${index} is a constant where data is expected.`);
    return value;
  }

  /** Input `index` as a constant; undefined where it is left out. `what` names it in the error. */
  optionalConstant(index: number, what: string): Constant | undefined {
    const value = this.inputs[index];
    if (value?.kind === 'data') {
      throw unsupported(
        `its ${what} must be known when the model is read, but depends on the network's input.`,
      );
    }
    return value;
  }

  /** Input `index`, which must be a constant. */
  constant(index: number, what: string): Constant {
    const value = this.optionalConstant(index, what);
    if (!value) throw malformed(`its ${what} is missing.`);
    return value;
  }

  /** Whole numbers of attribute `name` (older opsets) or of input `index` (newer ones). */
  intsOf(name: string, index: number): number[] | undefined {
    const fromAttribute = this.ints(name);
    if (fromAttribute) return fromAttribute;
    const constant = this.optionalConstant(index, name);
    if (!constant) return undefined;
    const values = Array.from(constant.data);
    if (values.length > 4096 || !values.every(Number.isInteger))
      throw malformed(`its ${name} are no whole numbers.`);
    return values;
  }

  /** The value one sample at a time: with the batch axis stripped. */
  sample(value: Data): Data {
    if (value.batched) return value;
    if (value.dims.length < 2 || value.dims[0] !== 1) {
      throw unsupported(
        `its input of shape [${value.dims.join(', ')}] has no batch axis of its own: ` +
          'import the model with a batch of 1.',
      );
    }
    return { ...value, id: this.builder.reshape(value.id, value.dims.slice(1)), batched: true };
  }

  /** The value with the batch axis as an ordinary one. @throws BatchMixed for batches of more than one. */
  whole(value: Data): Data {
    if (!value.batched) return value;
    if (value.dims[0] !== 1) throw new BatchMixed();
    return { ...value, id: this.builder.reshape(value.id, value.dims), batched: false };
  }

  /** The shape the value has in the graph. */
  shapeOf(value: Data): Shape {
    return this.builder.shapeOf(value.id);
  }

  /** The value for graph node `id`, batched like `like`. */
  wrap(id: string, like: Data): Data {
    const shape = this.builder.shapeOf(id);
    const dims = like.batched ? [like.dims[0], ...shape] : shape;
    return { kind: 'data', id, dims, batched: like.batched, type: like.type };
  }

  /** Adds a node; `shape` is the graph's, without batch axis. All inputs are batched alike. */
  emit(operation: Operation, inputs: readonly Data[], shape: Shape): Data {
    const ids = inputs.map((input) => input.id);
    return this.wrap(this.builder.add(operation, ids, shape), inputs[0]);
  }

  /** The value under the ONNX shape `dims`; stays batched while axis 0 keeps its size. */
  reshape(value: Data, dims: Shape): Data {
    if (elementCount(dims) !== elementCount(value.dims)) {
      throw malformed(`[${value.dims.join(', ')}] cannot take the shape [${dims.join(', ')}].`);
    }
    if (value.batched && dims.length >= 2 && dims[0] === value.dims[0]) {
      return { ...value, id: this.builder.reshape(value.id, dims.slice(1)), dims };
    }
    if (value.batched && value.dims[0] !== 1) throw new BatchMixed();
    return { ...value, id: this.builder.reshape(value.id, dims), dims, batched: false };
  }

  /** Elements picked along the axes of the graph's value: see {@link GraphBuilder.pick}. */
  pick(value: Data, picks: readonly (readonly number[] | undefined)[]): Data {
    return this.wrap(this.builder.pick(value.id, picks), value);
  }

  /** The value broadcast to the ONNX shape `dims`. */
  broadcast(value: Data, dims: Shape): Data {
    if (sameDims(value.dims, dims)) return value;
    const keepsBatch = value.batched && dims.length === value.dims.length && dims[0] === value.dims[0];
    let wide = keepsBatch ? value : this.whole(value);
    const lead = dims.length - wide.dims.length;
    if (lead > 0) wide = this.reshape(wide, [...new Array<number>(lead).fill(1), ...wide.dims]);
    const target = wide.batched ? dims.slice(1) : dims;
    const picks = this.shapeOf(wide).map((size, axis) =>
      size === target[axis] ? undefined : countUp(target[axis]).fill(0),
    );
    return this.pick(wide, picks);
  }

  /** A float32 tensor for a node, counted against the import's budget. */
  toTensor(constant: Constant, shape: Shape = constant.dims): Tensor {
    return this.builder.tensor(shape, constant.data);
  }
}

function safe(value: bigint): number {
  return Number(value);
}
