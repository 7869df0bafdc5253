// From decrypted values to 8-bit pixels: the renaming against the float network's, clamping, precision.
import { describe, expect, it } from 'vitest';
import { filledTensor } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { executeGraph } from '../model/execute.ts';
import { pictureOf } from './finish.ts';

describe('pictureOf', () => {
  it('moves channels to pixels as the float network does', () => {
    const input = filledTensor([12, 3, 5], seededRandom(1));
    const picture = pictureOf([12, 3, 5], [{ op: 'depthToSpace', block: 2 }], input.data, undefined);
    expect([picture.width, picture.height]).toEqual([10, 6]);
    const node = {
      id: 'd',
      inputs: ['x'],
      shape: [3, 6, 10],
      op: 'depthToSpace',
      block: 2,
      mode: 'CRD',
    } as const;
    const graph = { name: 'd', input: { id: 'x', shape: input.shape }, nodes: [node], output: 'd' };
    const expected = executeGraph(graph, input).data;
    for (let p = 0; p < 60; p += 1) {
      for (let c = 0; c < 3; c += 1) {
        expect(picture.data[3 * p + c]).toBe(Uint8ClampedArray.of(expected[c * 60 + p] * 255)[0]);
      }
    }
    expect(picture.precision).toBeUndefined();
  });

  it('clamps: what overshoots stays white or black and does not wrap around', () => {
    const values = Float32Array.of(1.004, -0.004, 0.5, 2, -7, 1);
    expect([...pictureOf([3, 1, 2], [], values, undefined).data]).toEqual([255, 128, 0, 0, 255, 255]);
  });

  it('measures the errors against a reference, a value that is no number included', () => {
    const values = Float32Array.of(0.5, 0.25, 1, 0, 0, 0);
    const reference = Float32Array.of(0.5, 0.5, 0.875, 0, 0, 0);
    const { precision } = pictureOf([3, 1, 2], [], values, reference);
    expect(precision).toEqual({ maxAbsError: 0.25, meanAbsError: 0.375 / 6 });
    values[3] = NaN;
    expect(pictureOf([3, 1, 2], [], values, reference).precision!.maxAbsError).toBeNaN();
  });

  it('refuses a reference of another size', () => {
    const act = (): unknown => pictureOf([3, 1, 2], [], new Float32Array(6), new Float32Array(5));
    expect(act).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
