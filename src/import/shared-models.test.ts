// Every small model file of the data set: right, or refused with a hint that helps.
import { describe, expect, it } from 'vitest';
import { FAST_COSTS, runClear, runNetwork } from '../../fixtures/run-network.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../fixtures/shared-data.ts';
import { compileNetwork } from '../compiler/general/compile-network.ts';
import { executeGraph } from '../model/execute.ts';
import type { Graph } from '../model/graph.ts';
import { elementCount } from '../model/graph.ts';
import { readModelFile } from './model-file.ts';
import { joinExternalData } from './model-parts.ts';

/** A file, what goes in and what comes out. */
interface Sample {
  readonly file: string;
  readonly graph: Graph;
  readonly x: Float32Array;
  readonly y: readonly number[];
}

interface OnnxExpected {
  readonly x: readonly number[] | string;
  readonly y: readonly number[];
}

interface TorchExpected {
  readonly file: string;
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[] | null;
  readonly layers?: string;
}

const onnx = hasSharedData
  ? readSharedJson<Record<string, OnnxExpected>>('models/onnx-expected.json')
  : ({} as Record<string, OnnxExpected>);
const torch = hasSharedData ? readSharedJson<TorchExpected[]>('models/pt-expected.json') : [];

/** Files whose right answer is a refusal, and what it must say. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'onehot_nan.onnx':
    /Node 'y', Mul: 2 of the 4 numbers in its constant are NaN or infinite.* That comes from 'c'/,
  'nan_w.pt': /Layer '0', Linear: 1 of the 12 numbers in its weight is NaN/,
  'jit.pt': /TorchScript.*torch\.onnx\.export/,
  'sd_custom_print.pt': /Net runs its layers in its own code.*F\.relu.*Sequential\( in place of Net\(.*onnx/,
};

/**
 * Values that single precision makes, but for one file: its `y` are onnxruntime's with its rewriting, which multiplies by
 * int8 weights in whole numbers; without it, they are ours.
 */
const toleranceOf = (file: string): number => (file === 'dq_weights_only.onnx' ? 4e-3 : 1e-5);

/** The input that the data set describes by the generator that makes it. */
function generated(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

function onnxSample(file: string): Sample {
  const bytes = readSharedBytes(`models/${file}`);
  const { x, y } = onnx[file];
  const files = { 'external.onnx.data': readSharedBytes('models/external.onnx.data') };
  const graph = readModelFile(file === 'external.onnx' ? joinExternalData(bytes, files) : bytes, {
    name: file,
  });
  const given = typeof x === 'string' ? generated(elementCount(graph.input.shape)) : Float32Array.from(x);
  return { file, graph, x: given, y };
}

function torchSample({ file, shape, x, y, layers }: TorchExpected): Sample {
  const bytes = readSharedBytes(`models/${file}`);
  const graph = readModelFile(bytes, { name: file, inputShape: shape, layers });
  return { file, graph, x: Float32Array.from(x), y: y ?? [] };
}

const FILES = [
  ...Object.keys(onnx).map((file) => [file, () => onnxSample(file)] as const),
  ...torch.map((entry) => [entry.file, () => torchSample(entry)] as const),
];

const worst = (actual: ArrayLike<number>, expected: readonly number[]): number =>
  // Of large outputs the data set has the beginning.
  expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);

describe.skipIf(!hasSharedData)(`model files as people have them (${SHARED_DATA_ABSENT})`, () => {
  it.each(FILES.filter(([file]) => !Object.hasOwn(REFUSED, file)))('%s is right', (file, open) => {
    const { graph, x, y } = open();
    const result = executeGraph(graph, { shape: graph.input.shape, data: x }).data;
    expect(worst(result, y)).toBeLessThanOrEqual(toleranceOf(file));
  });

  it.each(FILES.filter(([file]) => Object.hasOwn(REFUSED, file)))('%s is refused', (file, open) => {
    expect(open).toThrow(REFUSED[file]);
  });

  it('external.onnx without its weights says where they should lie', () => {
    const bytes = readSharedBytes('models/external.onnx');
    expect(() => readModelFile(bytes, { name: 'external.onnx' })).toThrow(
      /'external\.onnx\.data': put it beside/,
    );
  });

  it('nothing is left out', () => expect(FILES.length).toBeGreaterThanOrEqual(40));
});

describe.skipIf(!hasSharedData)('the same files compiled', { tags: ['long'] }, () => {
  it.each(FILES.filter(([file]) => !Object.hasOwn(REFUSED, file)))(
    '%s comes to the same, but for what is fitted',
    async (file, open) => {
      const { graph, x, y } = open();
      const calibration = [{ shape: graph.input.shape, data: x }];
      const network = compileNetwork(graph, { costs: FAST_COSTS, calibration, clientOps: true });
      const [result] = await runNetwork(network, [x], runClear);
      const error = worst(result, y);
      const scale = Math.max(1, ...y.map(Math.abs));
      console.log(`${file.padEnd(36)} ${network.segments.length} segments, error ${error.toExponential(1)}`);
      // Quantised values may fall to the other side of a step.
      expect(error / scale).toBeLessThanOrEqual(
        file === 'qdq.onnx' ? 0.02 : Math.max(1e-3, toleranceOf(file)),
      );
    },
  );
});
