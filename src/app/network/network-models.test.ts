// Networks that others trained, through the general compiler: outputs as in float, on the simulation and one on SEAL.
import { describe, expect, it } from 'vitest';
import { FAST_COSTS, largestError, runClear, runNetwork, runSeal } from '../../../fixtures/run-network.ts';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../../../fixtures/shared-data.ts';
import {
  type CompiledNetwork,
  compileNetwork,
  type NetworkOptions,
} from '../../compiler/general/compile-network.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import { importModel } from '../../import/import-model.ts';
import { readNpy } from '../../import/numpy.ts';
import { parseLayerList } from '../../import/pytorch/layer-list.ts';
import { loadSeal } from '../../seal/load.ts';

const LAYERS = `Sequential(
  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
  (1): AvgPool2d(kernel_size=2, stride=3, padding=0)
  (2): Conv2d(8, 16, kernel_size=(3, 3), stride=(2, 2))
  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
  (4): Flatten(start_dim=1, end_dim=-1)
  (5): Linear(in_features=64, out_features=16, bias=True)
  (6): Linear(in_features=16, out_features=10, bias=True)
)`;

/** Pictures of a `.npy` file, one `Float32Array` each. */
function pictures(path: string, from: number, count: number): Float32Array[] {
  const { shape, data } = readNpy(readSharedBytes(path));
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, i) => data.slice((from + i) * size, (from + i + 1) * size));
}

function tensors(graph: Graph, inputs: readonly Float32Array[]): Tensor[] {
  return inputs.map((data) => ({ shape: graph.input.shape, data }));
}

function floatOutputs(graph: Graph, inputs: readonly Float32Array[]): Float32Array[] {
  return tensors(graph, inputs).map((input) => executeGraph(graph, input).data);
}

function largest(outputs: readonly Float32Array[]): number {
  return outputs.flatMap((values) => [...values]).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

function argmax(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}

function bytesHeld(network: CompiledNetwork): number {
  return network.report.segments.reduce((sum, { diagonalBytes }) => sum + diagonalBytes, 0);
}

describe.skipIf(!hasSharedData)(`trained networks (${SHARED_DATA_ABSENT})`, () => {
  const boot = (): Float32Array[] => pictures('pycrcnn/input_image_dim1.npy', 0, 1);

  it.each([
    'local_execution_model.pt',
    'local_execution_model.zip.pt',
    'local_execution_model.state_dict.pt',
  ])('runs %s as the one affine map that it is', async (file) => {
    const graph = importModel(readSharedBytes(`pycrcnn/${file}`), {
      inputShape: [1, 28, 28],
      ...(file.includes('state_dict') && { layers: parseLayerList(LAYERS) }),
    });
    const network = compileNetwork(graph, { costs: FAST_COSTS, calibration: tensors(graph, boot()) });
    const { levels, evaluateMs, errorBound } = network.report.segments[0];
    expect([network.segments.length, levels]).toEqual([1, 1]);
    expect(evaluateMs).toBeLessThan(10);
    const expected = floatOutputs(graph, boot());
    const error = largestError(await runNetwork(network, boot(), runClear), expected);
    expect(error).toBeLessThan(Math.min(errorBound, 1e-3 * largest(expected)));
  });

  it('runs local_execution_model.pt encrypted to a thousandth of its largest logit', async () => {
    const graph = importModel(readSharedBytes('pycrcnn/local_execution_model.pt'), {
      inputShape: [1, 28, 28],
    });
    const network = compileNetwork(graph, { costs: FAST_COSTS, calibration: tensors(graph, boot()) });
    const actual = await runNetwork(network, boot(), runSeal(await loadSeal()));
    const expected = floatOutputs(graph, boot());
    const error = largestError(actual, expected);
    expect(error).toBeLessThan(1e-3 * largest(expected));
    expect(error).toBeLessThan(network.report.segments[0].errorBound);
  });

  for (const { file, images, side, tags } of [
    { file: 'cryptonets_square.onnx', images: 'images.npy', side: 32, tags: [] },
    { file: 'mnist.onnx', images: 'images_28x28.npy', side: 28, tags: ['long'] },
  ]) {
    it(`answers as float does with ${file} on 50 pictures`, { tags }, async () => {
      const graph = importModel(readSharedBytes(`onnx/${file}`), { inputShape: [1, side, side] });
      const calibration = tensors(graph, pictures(`mnist/${images}`, 100, 20));
      const inputs = pictures(`mnist/${images}`, 0, 50);
      const expected = floatOutputs(graph, inputs);
      for (const [batch, mostMs] of [
        [1, 300],
        [50, 60],
      ] as const) {
        // prettier-ignore
        const network = compileNetwork(graph, { costs: FAST_COSTS, calibration, batch });
        expect(network.report.evaluateMs).toBeLessThan(mostMs);
        expect(bytesHeld(network)).toBeLessThan(150e6);
        const tried = batch === 1 ? inputs.slice(0, 3) : inputs;
        const actual = await runNetwork(network, tried, runClear);
        expect(actual.map(argmax)).toEqual(expected.slice(0, tried.length).map(argmax));
        expect(largestError(actual, expected.slice(0, tried.length))).toBeLessThan(
          network.report.segments[0].errorBound,
        );
      }
    });
  }

  describe('SimpleModelApprox.pt', () => {
    const load = (): Graph =>
      importModel(readSharedBytes('pycrcnn/SimpleModelApprox.pt'), { inputShape: [3, 32, 32] });
    const input = (): Float32Array[] => pictures('pycrcnn/rand_1x3x32x32_seed0.npy', 0, 1);
    const run = async (options: Partial<NetworkOptions>): Promise<[CompiledNetwork, Float32Array[]]> => {
      const network = compileNetwork(load(), { costs: FAST_COSTS, ...options });
      return [network, await runNetwork(network, input(), runClear)];
    };

    it(
      'runs layers 0 to 7 without the client, and the same with a refresh after layer 2',
      { tags: ['long'] },
      async () => {
        const [whole, outputs] = await run({ layers: [0, 7] });
        expect(whole.segments).toHaveLength(1);
        expect(whole.report.evaluateMs).toBeLessThan(300);
        expect(bytesHeld(whole)).toBeLessThan(150e6);
        const expected = floatOutputs(whole.graph, input());
        expect(largestError(outputs, expected)).toBeLessThan(2e-3);
        const [refreshed, again] = await run({ layers: [0, 7], refresh: [2] });
        expect([refreshed.segments.length, refreshed.report.rounds]).toEqual([2, 1]);
        expect(largestError(again, expected)).toBeLessThan(2e-3);
      },
    );

    it('runs all layers with the ReLU at the client', { tags: ['long'] }, async () => {
      const [network, outputs] = await run({ clientOps: true });
      expect(network.segments.map(({ client }) => client?.nodes.map(({ op }) => op))).toEqual([
        ['activation'],
        undefined,
      ]);
      expect(network.report.clientLearns).toHaveLength(1);
      expect(largestError(outputs, floatOutputs(load(), input()))).toBeLessThan(2e-3);
    });
  });
});
