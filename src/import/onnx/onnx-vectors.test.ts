// Every ONNX operator vector of the data set, through the importer and the float executor.
import { describe, expect, it } from 'vitest';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { executeSamples } from '../../../fixtures/execute-samples.ts';
import type { Tensor } from '../../model/graph.ts';
import { readTensorFile } from './decode.ts';
import { importOnnx } from './import-onnx.ts';

interface Vector {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

const vectors = hasSharedData ? readSharedJson<Vector[]>('onnx-ops/index.json') : [];

describe.skipIf(!hasSharedData)(`ONNX operator vectors (${SHARED_DATA_ABSENT})`, () => {
  it('are all there', () => expect(vectors.length).toBeGreaterThanOrEqual(80));

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (name, vector) => {
    const folder = `onnx-ops/${name}`;
    const tensors = vector.inputs.map((_, i) =>
      readTensorFile(readSharedBytes(`${folder}/test_data_set_0/input_${i}.pb`)),
    );
    const constants: Record<string, Tensor> = {};
    vector.inputs.forEach(({ name: input }, i) => {
      if (i > 0) constants[input] = tensors[i];
    });
    const graph = importOnnx(readSharedBytes(`${folder}/model.onnx`), { constants });
    const output = executeSamples(graph, tensors[0]);
    const expected = readTensorFile(readSharedBytes(`${folder}/test_data_set_0/output_0.pb`));
    expect(output.data.length).toBe(expected.data.length);
    const worst = output.data.reduce((max, value, i) => Math.max(max, Math.abs(value - expected.data[i])), 0);
    expect(worst).toBeLessThanOrEqual(1e-5);
  });
});
