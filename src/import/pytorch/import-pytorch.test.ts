// PyTorch files of the data set: every layer as PyTorch computes it, in all formats; refusals by name.
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import { readNpy } from '../numpy.ts';
import { importPytorch } from './import-pytorch.ts';
import { parseLayerList } from './layer-list.ts';

interface Expected {
  readonly layers: readonly { index: number; type: string; shape: number[]; values: number[] }[];
}

const PRINTED = `Sequential(
  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
  (1): AvgPool2d(kernel_size=2, stride=3, padding=0)
  (2): Conv2d(8, 16, kernel_size=(3, 3), stride=(2, 2))
  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
  (4): Flatten(start_dim=1, end_dim=-1)
  (5): Linear(in_features=64, out_features=16, bias=True)
  (6): Linear(in_features=16, out_features=10, bias=True)
)`;

/** Runs the graph and compares each of the file's layers; returns the largest difference. */
function worstLayer(graph: Graph, input: Tensor, expected: Expected): number {
  const outputs = new Map<string, Tensor>();
  executeGraph(graph, input, { onNode: (node, output) => outputs.set(node.id, output) });
  expect(graph.layers?.map(({ type }) => type)).toEqual(expected.layers.map(({ type }) => type));
  return expected.layers.reduce((worst, layer) => {
    const output = outputs.get(graph.layers![layer.index].output)!;
    expect([1, ...output.shape]).toEqual(layer.shape);
    return layer.values.reduce((max, value, i) => Math.max(max, Math.abs(value - output.data[i])), worst);
  }, 0);
}

describe.skipIf(!hasSharedData)(`PyCrCNN's models (${SHARED_DATA_ABSENT})`, () => {
  const dress = hasSharedData ? readNpy(readSharedBytes('pycrcnn/input_image_dim1.npy')) : undefined;
  const noise = hasSharedData ? readNpy(readSharedBytes('pycrcnn/rand_1x3x32x32_seed0.npy')) : undefined;

  it.each([
    ['local_execution_model.pt', 'local_execution_model', [1, 28, 28]],
    ['local_execution_model.zip.pt', 'local_execution_model', [1, 28, 28]],
    ['SimpleModelApprox.pt', 'SimpleModelApprox', [3, 32, 32]],
    ['SimpleModelApprox_Minimal.pt', 'SimpleModelApprox_Minimal', [3, 32, 32]],
  ])('%s computes what PyTorch does, layer by layer', (file, name, inputShape) => {
    const graph = importPytorch(readSharedBytes(`pycrcnn/${file}`), { inputShape });
    const expected = readSharedJson<Expected>(`pycrcnn/${name}.expected.json`);
    expect(worstLayer(graph, (inputShape[0] === 1 ? dress : noise)!, expected)).toBeLessThanOrEqual(1e-5);
  });

  it('a state_dict with its layers as print(model) shows them', () => {
    const bytes = readSharedBytes('pycrcnn/local_execution_model.state_dict.pt');
    const graph = importPytorch(bytes, { inputShape: [1, 1, 28, 28], layers: PRINTED });
    const expected = readSharedJson<Expected>('pycrcnn/local_execution_model.expected.json');
    expect(worstLayer(graph, dress!, expected)).toBeLessThanOrEqual(1e-5);
  });

  it('a state_dict without layers, or with too few, says so', () => {
    const bytes = readSharedBytes('pycrcnn/local_execution_model.state_dict.pt');
    expect(() => importPytorch(bytes, { inputShape: [1, 28, 28] })).toThrow(/print\(model\)/);
    const layers = parseLayerList(PRINTED).slice(0, 6);
    expect(() => importPytorch(bytes, { inputShape: [1, 28, 28], layers })).toThrow(/'6\.weight' and 1 more/);
  });

  it('needs an input shape', () => {
    const bytes = readSharedBytes('pycrcnn/local_execution_model.pt');
    expect(() => importPytorch(bytes)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('an unknown class of the user is named with its layer', () => {
    const bytes = readSharedBytes('pycrcnn/SimpleModelApprox.pt').slice();
    const name = strToU8('Square');
    for (let i = 0; i < bytes.length; i++)
      if (name.every((byte, j) => bytes[i + j] === byte)) bytes[i] = 0x41;
    expect(() => importPytorch(bytes, { inputShape: [3, 32, 32] })).toThrow(
      /Layer '1', Aquare \(a class of the model/,
    );
  });
});

describe('hostile pickles', () => {
  const zipped = (pickle: string): Uint8Array =>
    zipSync({ 'm/data.pkl': Uint8Array.from(pickle, (c) => c.charCodeAt(0)) }, { level: 0 });
  const textOf = (text: string): string => `X${String.fromCharCode(text.length)}\0\0\0${text}`;

  it('never call anything: os.system is refused by name', () => {
    const pickle = `\x80\x02}(${textOf('3')}cos\nsystem\n${textOf('true')}\x85Ru.`;
    expect(() => importPytorch(zipped(pickle))).toThrow(/os\.system in layer '3'.*nothing was called/);
  });

  it('a module shared into a huge tree is bounded', () => {
    // Each Sequential holds the one before it twice: 2^40 layers in a few hundred bytes.
    const sequential = (children: string): string =>
      `ctorch.nn.modules.container\nSequential\n)\x81}${textOf('_modules')}}(${children}usb`;
    let pickle = `\x80\x02${sequential('')}q\0`;
    for (let i = 0; i < 30; i++) pickle += `0${sequential(`${textOf('a')}h\0${textOf('b')}h\0`)}q\0`;
    expect(() => importPytorch(zipped(`${pickle}.`))).toThrow(
      expect.objectContaining({ code: 'malformed-model' }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a zip of something else', 'PK'],
    ['a bare pickle', '\x80\x02}.'],
  ])('%s is refused as malformed', (_, text) => {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    expect(() => importPytorch(bytes)).toThrow(expect.objectContaining({ code: 'malformed-model' }));
  });

  it('compressed entries are refused before they are inflated', () => {
    const bytes = zipSync({ 'm/data.pkl': new Uint8Array(1000) }, { level: 9 });
    expect(() => importPytorch(bytes)).toThrow(/compressed/);
  });
});

describe('parseLayerList', () => {
  it('reads nested Sequentials and JSON', () => {
    const text = 'Sequential(\n  (f): Sequential(\n    (0): ReLU()\n  )\n  (1): Softmax(dim=-1)\n)';
    expect(parseLayerList(text)).toEqual([
      { type: 'ReLU', name: 'f.0' },
      { type: 'Softmax', name: '1', dim: -1 },
    ]);
    expect(parseLayerList('[{"type":"ReLU"}]')).toEqual([{ type: 'ReLU' }]);
    expect(() => parseLayerList('import os')).toThrow(/no line of print/);
  });
});
