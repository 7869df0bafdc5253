// Writes small ONNX files, through the same generated messages that the importer reads: layers written by hand, and tests.
import { create, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as Type, ModelProtoSchema } from './onnx_pb.js';

/** An attribute's value: whole numbers as bigint, floats as number. */
export type OnnxAttribute = bigint | number | string | readonly bigint[] | readonly number[];

/** One node to write. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Whose operator it is; ONNX's own unless given. */
  readonly domain?: string;
}

/** A constant to write: bigint data as int64, numbers as float32. */
export interface OnnxInitializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: readonly bigint[] | ArrayLike<number>;
  /** Number of its type where it is another: whole numbers of at most 32 bits. */
  readonly type?: number;
}

/** A model to write: one float32 input, where a string is a symbolic size. */
export interface OnnxModel {
  readonly opset: number;
  readonly input: { readonly name: string; readonly dims: readonly (number | string)[] };
  readonly initializers: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
  readonly output: string;
}

/** The bytes of an `.onnx` file. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const dim = model.input.dims.map((size) => ({
    value:
      typeof size === 'string'
        ? { case: 'dimParam' as const, value: size }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  const message = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: BigInt(model.opset) }],
    graph: {
      name: 'written',
      input: [
        {
          name: model.input.name,
          type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim } } } },
        },
      ],
      output: [{ name: model.output, type: { value: { case: 'tensorType', value: { elemType: 1 } } } }],
      initializer: model.initializers.map(({ name, dims, data, type }) => {
        if (type !== undefined) {
          const int32Data = Array.from(data as ArrayLike<number>);
          return { name, dims: dims.map(BigInt), dataType: type, int32Data };
        }
        const whole = Array.from(data as ArrayLike<number | bigint>).every(
          (value) => typeof value === 'bigint',
        );
        const isInt = whole && data.length > 0;
        return {
          name,
          dims: dims.map(BigInt),
          dataType: isInt ? 7 : 1,
          ...(isInt
            ? { int64Data: [...(data as readonly bigint[])] }
            : { floatData: Array.from(data as ArrayLike<number>) }),
        };
      }),
      node: model.nodes.map(({ op, inputs, outputs, attributes = {}, domain = '' }) => ({
        opType: op,
        domain,
        name: outputs[0],
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeFields(value) })),
      })),
    },
  });
  return toBinary(ModelProtoSchema, message);
}

function attributeFields(value: OnnxAttribute) {
  if (typeof value === 'bigint') return { type: Type.INT, i: value };
  if (typeof value === 'number') return { type: Type.FLOAT, f: value };
  if (typeof value === 'string') return { type: Type.STRING, s: new TextEncoder().encode(value) };
  if (value.every((item): item is bigint => typeof item === 'bigint'))
    return { type: Type.INTS, ints: [...value] };
  return { type: Type.FLOATS, floats: [...value] };
}
