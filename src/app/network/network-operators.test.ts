// Every ONNX operator vector of the data set through the general compiler: on the simulation, and a few on SEAL.
import { describe, expect, it } from 'vitest';
import { FAST_COSTS, runClear, runNetwork, runSeal } from '../../../fixtures/run-network.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import { splitSamples } from '../../../fixtures/execute-samples.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import { readTensorFile } from '../../import/onnx/decode.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { loadSeal } from '../../seal/load.ts';

interface Vector {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** One of each way through the compiler: taps, phases, dense, products, moves. The quickest are always run. */
const ENCRYPTED = new Map([
  ['test_Conv2d_strided', []],
  ['test_conv_with_autopad_same', ['long']],
  ['test_ConvTranspose2d', ['long']],
  ['test_averagepool_2d_ceil', []],
  ['test_BatchNorm2d_eval', ['long']],
  ['made_gemm_transB_bias', []],
  ['made_mul_self_square', []],
  ['made_concat_channels_residual', ['long']],
  ['made_depthtospace_crd_3', ['long']],
]);

const vectors = hasSharedData ? readSharedJson<Vector[]>('onnx-ops/index.json') : [];

function load(vector: Vector): {
  graph: Graph;
  inputs: Float32Array[];
  samples: Tensor[];
  expected: Float32Array;
} {
  const folder = `onnx-ops/${vector.name}`;
  const tensors = vector.inputs.map((_, i) =>
    readTensorFile(readSharedBytes(`${folder}/test_data_set_0/input_${i}.pb`)),
  );
  const rest = vector.inputs.map(({ name }, i) => [name, tensors[i]] as const).slice(1);
  const graph = importOnnx(readSharedBytes(`${folder}/model.onnx`), { constants: Object.fromEntries(rest) });
  const samples = splitSamples(graph, tensors[0]);
  const expected = readTensorFile(readSharedBytes(`${folder}/test_data_set_0/output_0.pb`)).data;
  return { graph, samples, inputs: samples.map(({ data }) => data), expected };
}

/** Largest error, relative to the largest value where that exceeds 1: results share one prime with their scale. */
function worstError(outputs: readonly Float32Array[], expected: Float32Array): number {
  const joined = outputs.flatMap((values) => [...values]);
  expect(joined).toHaveLength(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
  return joined.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]) / largest), 0);
}

describe.skipIf(!hasSharedData)(`ONNX operator vectors encrypted (${SHARED_DATA_ABSENT})`, () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    '%s on simulated slots',
    async (_, vector) => {
      const { graph, samples, inputs, expected } = load(vector);
      const network = compileNetwork(graph, {
        costs: FAST_COSTS,
        calibration: samples,
        batch: inputs.length,
      });
      expect(worstError(await runNetwork(network, inputs, runClear), expected)).toBeLessThan(1e-3);
    },
  );

  it('lists none to encrypt that is not there', () => {
    const names = vectors.map(({ name }) => name);
    expect([...ENCRYPTED.keys()].filter((name) => !names.includes(name))).toEqual([]);
  });

  for (const vector of vectors.filter(({ name }) => ENCRYPTED.has(name))) {
    const tags = ENCRYPTED.get(vector.name)!;
    it(`${vector.name} on SEAL`, { tags }, async () => {
      const { graph, samples, inputs, expected } = load(vector);
      const network = compileNetwork(graph, {
        costs: FAST_COSTS,
        calibration: samples,
        batch: inputs.length,
      });
      const outputs = await runNetwork(network, inputs, runSeal(await loadSeal()));
      expect(worstError(outputs, expected)).toBeLessThan(1e-3);
    });
  }
});
