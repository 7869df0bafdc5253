// Every torch.nn layer that is imported, as whole module and as state_dict, against PyTorch's own output.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import { importPytorch } from './import-pytorch.ts';
import { parseLayerList } from './layer-list.ts';
import { TORCH_LAYERS } from './layers.ts';

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly printed: string;
  /** Attributes of a single layer that PyTorch does not print. */
  readonly hidden: Readonly<Record<string, boolean>>;
  readonly whole: string;
  readonly stateDict: string;
  readonly input: Values;
  readonly output: Values;
}

const file = new URL('../../../fixtures/torch-layers.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

function compare(graph: Graph, { input, output }: Case): void {
  const x: Tensor = { shape: input.shape.slice(1), data: Float32Array.from(input.data) };
  const result = executeGraph(graph, x);
  expect([1, ...result.shape]).toEqual(output.shape);
  const worst = output.data.reduce((max, value, i) => Math.max(max, Math.abs(value - result.data[i])), 0);
  expect(worst).toBeLessThanOrEqual(1e-5);
}

describe('layers as PyTorch computes them', () => {
  it.each(cases.map((one) => [one.printed.split('\n').slice(1, -1).join(' ').trim(), one] as const))(
    '%s',
    (_, one) => {
      const inputShape = one.input.shape.slice(1);
      compare(importPytorch(bytesOf(one.whole), { inputShape }), one);
      const layers = parseLayerList(one.printed).map((layer) => ({ ...layer, ...one.hidden }));
      compare(importPytorch(bytesOf(one.stateDict), { inputShape, layers }), one);
    },
  );

  it('nearly every layer has a case', () => {
    const tested = new Set(
      cases.flatMap(({ printed }) => [...printed.matchAll(/\): (\w+)\(/g)].map(([, type]) => type)),
    );
    const untested = [...TORCH_LAYERS.keys()].filter((type) => !tested.has(type));
    // The same functions as their neighbours, or newer than the PyTorch that wrote the cases; Square is in PyCrCNN's models.
    const apart = ['Dropout1d', 'Dropout2d', 'AlphaDropout', 'ZeroPad1d', 'ReplicationPad1d', 'Square'];
    // Compared with onnxruntime: layers-by-onnx.test.ts.
    const byOnnx = [
      'InstanceNorm2d', 'LayerNorm', 'GroupNorm', 'AdaptiveMaxPool2d', 'UpsamplingBilinear2d', 'PixelUnshuffle',
      'ChannelShuffle', 'LogSigmoid', 'ELU', 'SELU', 'CELU', 'GELU', 'Mish', 'Softsign', 'Softmax2d',
    ]; // prettier-ignore
    const oneDimensional = ['InstanceNorm1d', 'AdaptiveMaxPool1d'];
    expect(untested.toSorted()).toEqual([...apart, ...byOnnx, ...oneDimensional].toSorted());
  });
});
