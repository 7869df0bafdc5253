// Networks in several files on the command line, an output by name, and where results are saved.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeOnnx } from '../fixtures/onnx-writer.ts';
import { writeTorch } from '../fixtures/torch-writer.ts';
import { decodeModel } from '../src/import/onnx/decode.ts';
import { ModelProtoSchema, StringStringEntryProtoSchema } from '../src/import/onnx/onnx_pb.js';
import { readJsonTensor } from '../src/import/json-image.ts';
import { readNpy } from '../src/import/numpy.ts';
import { executeGraph } from '../src/model/execute.ts';
import { FileError } from './files.ts';
import { readModelArguments } from './model-arguments.ts';
import { runModelCommand } from './model-command.ts';

const X = [0.5, -1, 2];

const model = writeOnnx({
  opset: 13,
  input: { name: 'x', dims: [1, 3] },
  initializers: [{ name: 'w', dims: [3, 2], data: [1, 2, 3, 4, 5, 6] }],
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
    { op: 'Mul', inputs: ['h', 'h'], outputs: ['y'] },
  ],
  output: 'y',
});

/** The same model with its weights in a file of its own. */
function outside(location: string): { bytes: Uint8Array; weights: Uint8Array } {
  const message = decodeModel(model);
  const [tensor] = message.graph!.initializer;
  const weights = new Uint8Array(new Float32Array(tensor.floatData).buffer);
  tensor.floatData = [];
  tensor.dataLocation = 1;
  tensor.externalData = [create(StringStringEntryProtoSchema, { key: 'location', value: location })];
  return { bytes: toBinary(ModelProtoSchema, message), weights };
}

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
  await writeFile(at('whole.onnx'), model);
  await writeFile(at('x.json'), JSON.stringify(X));
  const { bytes, weights } = outside('w.bin');
  await writeFile(at('parts.onnx'), bytes);
  await writeFile(at('w.bin'), weights);
  await writeFile(at('astray.onnx'), outside('../w.bin').bytes);
  await writeFile(at('short.onnx'), outside('x.json').bytes);
});

afterAll(() => rm(folder, { recursive: true }));

/** What the network that the arguments name makes of X. */
async function valuesOf(...args: string[]): Promise<number[]> {
  const { request } = await readModelArguments([...args, '--input', at('x.json')], 'run');
  return [...executeGraph(request.model.graph, { shape: [3], data: Float32Array.from(X) }).data];
}

describe('a model in several files', () => {
  it('is read with the weights beside it', async () => {
    expect(await valuesOf(at('parts.onnx'))).toEqual(await valuesOf(at('whole.onnx')));
  });

  it('takes nothing from outside its folder, nor from a file that is too short', async () => {
    await expect(valuesOf(at('astray.onnx'))).rejects.toThrow(/lies in a file of its own, '\.\.\/w\.bin'/);
    await expect(valuesOf(at('short.onnx'))).rejects.toThrow(/bytes/);
  });

  it('is a state_dict with the ONNX model of its network', async () => {
    const layer = {
      type: 'torch.nn.modules.linear Linear',
      attributes: {},
      parameters: { weight: { shape: [1, 3], data: Float32Array.from([1, 1, 1]) } },
    };
    const network = writeOnnx({
      opset: 13,
      input: { name: 'x', dims: [1, 3] },
      initializers: [{ name: '0.weight', dims: [1, 3], data: [0, 0, 0] }],
      nodes: [{ op: 'Gemm', inputs: ['x', '0.weight'], outputs: ['y'], attributes: { transB: 1n } }],
      output: 'y',
    });
    await writeFile(at('weights.pt'), writeTorch([layer], 'zip'));
    await writeFile(at('network.onnx'), network);
    expect(await valuesOf(at('weights.pt'), '--state-dict-layers', at('network.onnx'))).toEqual([1.5]);
  });
});

describe('--output', () => {
  it('takes another value of the network', async () => {
    expect(await valuesOf(at('whole.onnx'), '--output', 'h')).toEqual([7.5, 9]);
  });

  it('says what there is where a name is wrong', async () => {
    await expect(valuesOf(at('whole.onnx'), '--output', 'yy')).rejects.toThrow(
      /no 'yy' \(did you mean 'y'\?\)/,
    );
  });
});

describe('--save', () => {
  it.each([
    ['results.npy', (bytes: Uint8Array) => readNpy(bytes)],
    ['results.json', (bytes: Uint8Array) => readJsonTensor(new TextDecoder().decode(bytes))],
  ])('writes the decrypted outputs to %s', async (name, read) => {
    const args = ['run', at('whole.onnx'), '--input', at('x.json'), '--backend', 'clear', '--workers', '1'];
    await runModelCommand([...args, '--json', '--save', at(name)]);
    const { shape, data } = read(new Uint8Array(await readFile(at(name))));
    expect(shape).toEqual([1, 2]);
    expect(data[0]).toBeCloseTo(56.25, 1);
    expect(data[1]).toBeCloseTo(81, 1);
    await expect(runModelCommand([...args, '--save', at(name)])).rejects.toThrow(/there already.*--force/);
  });

  it('is refused before anything runs where it cannot be', async () => {
    const run = (path: string): Promise<unknown> =>
      readModelArguments([at('whole.onnx'), '--input', at('x.json'), '--save', path], 'run');
    await expect(run(at('out.txt'))).rejects.toThrow(/--save takes a \.npy or \.json file/);
    await expect(run(at('x.json'))).rejects.toThrow(FileError);
    await expect(readModelArguments([at('whole.onnx'), '--save', at('a.npy')], 'plan')).rejects.toThrow(
      /model run/,
    );
  });
});
