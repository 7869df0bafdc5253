// The layers that the study could not run: written as meant, imported, and worth what they say.
import { describe, expect, it } from 'vitest';
import { importModel } from '../../import/import-model.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { executeGraph } from '../../model/execute.ts';
import { codeInput, studyCode } from './codes.ts';
import { HARD_LAYERS } from './hard-layers.ts';

const data = codeInput(studyCode('Sealed', 1).code);

function outputOf(
  id: string,
  values: Float32Array,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const { write } = HARD_LAYERS.find((layer) => layer.id === id)!;
  return executeGraph(importOnnx(write()), { shape: [1, 21, 21], data: values });
}

describe('the hard layers', () => {
  it('upsample alike with the matrix left and right, and with transposes: each pixel becomes four', () => {
    const left = outputOf('upsampling-left', data);
    const turned = outputOf('upsampling-transposed', data);
    expect(left.shape).toEqual([3, 42, 42]);
    expect(turned.data.every((x, i) => Math.abs(x - left.data[i]) < 1e-6)).toBe(true);
    for (let y = 0; y < 42; y += 1) {
      for (let x = 0; x < 42; x += 1) {
        expect(left.data[y * 42 + x]).toBe(left.data[2 * Math.floor(y / 2) * 42 + 2 * Math.floor(x / 2)]);
      }
    }
  });

  it('descend: the step is −0.05 of the gradient of ½‖(C∗x)² − t‖², by differences', () => {
    const { write } = HARD_LAYERS.find(({ id }) => id === 'input-gradient')!;
    const errors = importModel(write(), { output: 'error' });
    const loss = (values: Float32Array): number =>
      executeGraph(errors, { shape: [1, 21, 21], data: values }).data.reduce((sum, x) => sum + x * x, 0) / 2;
    const moved = outputOf('input-gradient', data).data;
    for (const pixel of [0, 30, 200, 440]) {
      const nudged = (by: number): Float32Array => data.map((x, i) => (i === pixel ? x + by : x));
      const slope = (loss(nudged(0.01)) - loss(nudged(-0.01))) / 0.02;
      expect(moved[pixel] - data[pixel]).toBeCloseTo(-0.05 * slope, 3);
    }
  });

  it('take the largest of four', () => {
    const pooled = outputOf('max-pool', data);
    expect(pooled.shape).toEqual([3, 10, 10]);
  });

  it('have the same bytes whenever they are written', () => {
    for (const { write } of HARD_LAYERS) expect(write()).toEqual(write());
  });
});
