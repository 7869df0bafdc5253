// Reading .npy and JSON inputs: the data set's files, round trips, and refusals.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../../fixtures/shared-data.ts';
import { readJsonTensor } from './json-image.ts';
import { readNpy } from './numpy.ts';

/** A .npy file as NumPy writes it, format 1. */
function npy(descr: string, fortran: boolean, shape: readonly number[], body: Uint8Array): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const header = new TextEncoder().encode(`${text.padEnd(117)}\n`);
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0, ...header, ...body);
}

describe('readNpy', () => {
  it('reads what it is given, whatever type and order', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 6, maxLength: 6 }), (values) => {
        const body = new Uint8Array(Float32Array.from(values).buffer);
        expect(readNpy(npy('<f4', false, [2, 3], body))).toEqual({
          shape: [2, 3],
          data: Float32Array.from(values),
        });
      }),
    );
    const doubles = new Uint8Array(Float64Array.of(1, 2, 3, 4, 5, 6).buffer);
    expect(Array.from(readNpy(npy('<f8', true, [2, 3], doubles)).data)).toEqual([1, 3, 5, 2, 4, 6]);
    expect(Array.from(readNpy(npy('>i2', false, [2], Uint8Array.of(1, 0, 0xff, 0xff))).data)).toEqual([
      256, -1,
    ]);
    expect(readNpy(npy('|u1', false, [], Uint8Array.of(7)))).toEqual({ shape: [], data: Float32Array.of(7) });
  });

  it('refuses pickled objects, short bodies, impossible shapes and rubbish', () => {
    const refused = expect.objectContaining({ code: 'malformed-model' });
    expect(() => readNpy(npy('|O', false, [1], new Uint8Array(8)))).toThrow(/no number/);
    expect(() => readNpy(npy('<f4', false, [2, 3], new Uint8Array(20)))).toThrow(refused);
    expect(() => readNpy(npy('<f4', false, [2 ** 40], new Uint8Array(20)))).toThrow(refused);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => readNpy(bytes)).toThrow(refused);
      }),
    );
  });
});

describe('readJsonTensor', () => {
  it('reads nested arrays and shape with data', () => {
    expect(readJsonTensor('[[1, 2], [3, 4.5]]')).toEqual({
      shape: [2, 2],
      data: Float32Array.of(1, 2, 3, 4.5),
    });
    expect(readJsonTensor('{"shape": [1, 2], "data": [5, 6]}')).toEqual({
      shape: [1, 2],
      data: Float32Array.of(5, 6),
    });
  });

  it.each([
    '',
    '{}',
    '[[1], [2, 3]]',
    '[1, "a"]',
    '{"shape": [3], "data": [1]}',
    '{"py/reduce": [{"py/function": "os.system"}]}',
  ])('refuses %j', (text) =>
    expect(() => readJsonTensor(text)).toThrow(expect.objectContaining({ code: 'malformed-model' })),
  );

  it('refuses nesting that is too deep', () => {
    expect(() => readJsonTensor('['.repeat(50) + ']'.repeat(50))).toThrow(/nested/);
  });

  it.skipIf(!hasSharedData)(`reads PyCrCNN's jsonpickled picture (${SHARED_DATA_ABSENT})`, () => {
    const json = readJsonTensor(new TextDecoder().decode(readSharedBytes('pycrcnn/input_image_dim1.json')));
    expect(json).toEqual(readNpy(readSharedBytes('pycrcnn/input_image_dim1.npy')));
    expect(json.shape).toEqual([1, 1, 28, 28]);
  });
});
