// Model and input files as people have them: what is read, and which file is to blame where one cannot be.
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import { inputsFor, readInputFile, readModelFile } from './model-file.ts';

function png(channels: 1 | 3 | 4, pixels: readonly number[]): Uint8Array {
  return encode({ width: 2, height: 1, channels, depth: 8, data: Uint8Array.from(pixels) });
}

describe('readInputFile', () => {
  it('reads pictures channel by channel, in 0 to 1, without transparency', () => {
    expect(readInputFile('A.PNG', png(1, [0, 255]))).toEqual({
      shape: [1, 1, 2],
      data: Float32Array.of(0, 1),
    });
    const { shape, data } = readInputFile('a.png', png(4, [255, 0, 51, 9, 0, 255, 0, 9]));
    expect(shape).toEqual([3, 1, 2]);
    expect([...data].map((x) => Math.round(x * 255))).toEqual([255, 0, 0, 255, 51, 0]);
  });

  it('reads nested lists', () => {
    expect(readInputFile('a.json', new TextEncoder().encode('[[1,2],[3,4]]'))).toEqual({
      shape: [2, 2],
      data: Float32Array.of(1, 2, 3, 4),
    });
  });

  it('refuses other files', () => {
    expect(() => readInputFile('a.jpg', new Uint8Array(3))).toThrow(/\.npy, \.json or \.png/);
    expect(() => readInputFile('a.png', new Uint8Array(3))).toThrow(/not a PNG/);
  });
});

describe('readModelFile', () => {
  const nodes = [{ op: 'Mul', inputs: ['x', 'c'], outputs: ['y'] }];
  const model = (...data: number[]): Uint8Array =>
    writeOnnx({
      opset: 13,
      input: { name: 'x', dims: [1, 2] },
      initializers: [{ name: 'c', dims: [2], data }],
      nodes,
      output: 'y',
    });

  it('names the file and the layer of a number that is none', () => {
    expect(() => readModelFile(model(1, NaN), { name: 'digits.v2.onnx' })).toThrow(
      expect.objectContaining({
        code: 'malformed-model',
        message: expect.stringMatching(/^digits\.v2\.onnx: Node 'y', Mul: .*NaN/) as string,
        detail: { file: 'digits.v2.onnx', node: 'y', operator: 'Mul' },
      }),
    );
    expect(readModelFile(model(1, 2), { name: 'digits.v2.onnx' }).nodes).toHaveLength(1);
  });

  it('names the file where it is no model', () => {
    expect(() => readModelFile(new Uint8Array(9), { name: 'photo.onnx' })).toThrow(
      /^photo\.onnx: The file is not/,
    );
  });
});

describe('inputsFor', () => {
  it('refuses numbers that are none, saying where', () => {
    const data = Float32Array.of(1, 2, 3, NaN, 5, Infinity);
    expect(() => inputsFor([2], { shape: [3, 2], data })).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringMatching(
          /2 of the 6 numbers in the input .*NaN or infinite.*the first at index 3/,
        ) as string,
      }),
    );
  });

  it('takes one input, or one an entry of the first axis', () => {
    const data = Float32Array.from({ length: 8 }, (_, i) => i);
    expect(inputsFor([2, 2], { shape: [2, 2, 2], data })).toEqual([data.slice(0, 4), data.slice(4)]);
    expect(inputsFor([8], { shape: [1, 2, 4], data })).toEqual([data]);
  });

  it('turns colours to luma and grey to colours', () => {
    const red = { shape: [3, 1, 1], data: Float32Array.of(1, 0, 0) };
    expect(inputsFor([1, 1, 1], red)[0][0]).toBeCloseTo(0.299);
    expect(inputsFor([3, 1, 1], { shape: [1, 1, 1], data: Float32Array.of(0.5) })).toEqual([
      Float32Array.of(0.5, 0.5, 0.5),
    ]);
  });

  it('says so where a picture has another size', () => {
    const picture = { shape: [1, 3, 3], data: new Float32Array(9) };
    expect(() => inputsFor([1, 2, 2], picture)).toThrow(/1×3×3.*1×2×2.*resize/);
  });
});
