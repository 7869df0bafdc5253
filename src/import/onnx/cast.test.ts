// Cast to whole numbers and to bool: against onnxruntime, on constants, and refused where it would be left out.
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import type { OnnxInitializer, OnnxNode } from '../../../fixtures/onnx-writer.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { executeGraph } from '../../model/execute.ts';
import { importOnnx } from './import-onnx.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const FLOAT = 1;
const TYPES = { uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, uint32: 12, uint64: 13 };

// Every fate that a value can have: cut, kept, wrapped around upward and downward.
const ANY = [0, -0, 0.3, -0.3, 0.9999, 1.5, 2, 127, 128.9, 200.7, 255.9, 256, 300.2, 32767, 32768, 70000];
const NEGATIVE = [-1.5, -2, -1, -100, -128, -129, -200, -256, -300, -32769, -70000];

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});
const cast = (from: string, output: string, to: number): OnnxNode =>
  node('Cast', [from], output, { to: BigInt(to) });

function model(
  count: number,
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxInitializer[] = [],
): Uint8Array {
  return writeOnnx({ opset: 13, input: { name: 'x', dims: [1, count] }, initializers, nodes, output: 'y' });
}

async function oracle(bytes: Uint8Array, x: readonly number[]): Promise<number[]> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.from(x), [1, x.length]) });
  await session.release();
  return [...(y.data as Float32Array)];
}

function run(bytes: Uint8Array, x: readonly number[]): number[] {
  const graph = importOnnx(bytes);
  return [...executeGraph(graph, { shape: graph.input.shape, data: Float32Array.from(x) }).data];
}

describe('Cast of data', () => {
  it.each(Object.entries(TYPES))('to %s does as onnxruntime', async (type, to) => {
    // What a negative number becomes in an unsigned type is left open: onnxruntime wraps around on x86, not in WebAssembly.
    const values = type.startsWith('u') ? ANY : [...ANY, ...NEGATIVE];
    const bytes = model(values.length, [cast('x', 'a', to), cast('a', 'y', FLOAT)]);
    expect(run(bytes, values)).toEqual(await oracle(bytes, values));
  });

  it('wraps negative numbers around in unsigned types', () => {
    const bytes = (to: number): Uint8Array => model(4, [cast('x', 'a', to), cast('a', 'y', FLOAT)]);
    expect(run(bytes(TYPES.uint8), [-1, -10.4, -256, -300])).toEqual([255, 246, 0, 212]);
    expect(run(bytes(TYPES.uint16), [-1, -10.4, -65536, -65537])).toEqual([65535, 65526, 0, 65535]);
  });

  it.each([
    ['int8', 'uint8'],
    ['uint8', 'int8'],
    ['int32', 'uint8'],
    ['int16', 'bool'],
    ['bool', 'int32'],
    ['uint8', 'int64'],
  ] as const)('from %s on to %s does as onnxruntime', async (first, second) => {
    const bytes = model(ANY.length, [
      cast('x', 'a', TYPES[first]),
      cast('a', 'b', TYPES[second]),
      cast('b', 'y', FLOAT),
    ]);
    expect(run(bytes, ANY)).toEqual(await oracle(bytes, ANY));
  });

  it('leaves no layer behind where it changes nothing', () => {
    const graph = importOnnx(
      model(2, [
        cast('x', 'f', 11),
        cast('f', 'a', TYPES.bool),
        cast('a', 'b', TYPES.int64),
        cast('b', 'y', FLOAT),
      ]),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['cast']);
  });

  it('goes on through layers that only move values, and through sums of wide whole numbers', async () => {
    const two = { name: 'two', dims: [1], data: [2] };
    const bytes = model(
      3,
      [
        cast('x', 'a', TYPES.int32),
        cast('two', 'k', TYPES.int32),
        node('Concat', ['a', 'a'], 'b', { axis: 1n }),
        node('Mul', ['b', 'b'], 'c'),
        node('Add', ['c', 'k'], 'd'),
        cast('d', 'y', FLOAT),
      ],
      [two],
    );
    expect(run(bytes, [1.9, -2.9, 7.1])).toEqual(await oracle(bytes, [1.9, -2.9, 7.1]));
  });
});

describe('Cast of constants', () => {
  it.each([...Object.entries(TYPES), ['float16', 10]] as [string, number][])(
    'to %s is folded as onnxruntime does it',
    async (type, to) => {
      const values = type.startsWith('u') ? ANY : [...ANY, ...NEGATIVE];
      const constant = { name: 'c', dims: [1, values.length], data: values };
      const bytes = model(
        values.length,
        [cast('c', 'a', to), cast('a', 'b', FLOAT), node('Add', ['x', 'b'], 'y')],
        type === 'float16' ? [{ ...constant, data: values.map((v) => v / 10) }] : [constant],
      );
      const zeros = values.map(() => 0);
      expect(run(bytes, zeros)).toEqual(await oracle(bytes, zeros));
    },
  );
});

describe('what cannot be had', () => {
  it.each<[string, RegExp, readonly OnnxNode[]]>([
    ['a cast to text', /Node 'y', Cast: .*string.*float/, [cast('x', 'y', 8)]],
    ['a cast to float8', /Node 'y', Cast: .*float8/, [cast('x', 'y', 17)]],
    ['a cast to int4', /Node 'y', Cast: .*int4.*int8/, [cast('x', 'y', 22)]],
    [
      'a cast to the type of another value',
      /Node 'y', CastLike: .*use Cast/,
      [node('CastLike', ['x', 'x'], 'y')],
    ],
    [
      'a division of whole numbers',
      /Node 'y', Div: .*int32.*Cast/,
      [cast('x', 'a', TYPES.int32), cast('two', 'k', TYPES.int32), node('Div', ['a', 'k'], 'y')],
    ],
    [
      'a sum of bytes, which would wrap around',
      /Node 'y', Add: .*uint8.*Cast/,
      [cast('x', 'a', TYPES.uint8), node('Add', ['a', 'a'], 'y')],
    ],
    [
      'an activation of whole numbers',
      /Node 'y', Relu: .*int8.*Cast/,
      [cast('x', 'a', TYPES.int8), node('Relu', ['a'], 'y')],
    ],
    [
      'arithmetic on an index',
      /Node 'y', Softmax: .*int64.*Cast/,
      [node('ArgMax', ['x'], 'a', { axis: 1n }), node('Softmax', ['a'], 'y')],
    ],
  ])('%s is refused by name', (_, pattern, nodes) => {
    const bytes = model(2, nodes, [{ name: 'two', dims: [1], data: [2] }]);
    expect(() => importOnnx(bytes)).toThrow(
      expect.objectContaining({
        code: 'unsupported-layer',
        message: expect.stringMatching(pattern) as string,
      }) as Error,
    );
  });
});

describe.skipIf(!hasSharedData)(`casts as others wrote them (${SHARED_DATA_ABSENT})`, () => {
  type Expected = Readonly<Record<string, { readonly x: number[]; readonly y: number[] }>>;
  const expected = hasSharedData ? readSharedJson<Expected>('models/onnx-expected.json') : {};

  it.each(['cast_int_back', 'cast_u8', 'cast_bool', 'byte_out', 'bvae_decoder'])('%s', (name) => {
    const { x, y } = expected[`${name}.onnx`];
    // Of large outputs the data set has the beginning.
    expect(run(readSharedBytes(`models/${name}.onnx`), x).slice(0, y.length)).toEqual(y);
  });
});
