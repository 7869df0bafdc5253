// The parameter tester's files, ours and PyCrCNN's.
import { describe, expect, it } from 'vitest';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../../../fixtures/shared-data.ts';
import { parseTestConfig } from './test-config.ts';

describe('parseTestConfig', () => {
  it('reads a CKKS sweep', () => {
    const sets = [{ name: 'small', polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] }];
    const text = JSON.stringify({
      model: 'a.onnx',
      input: 'a.npy',
      sets,
      layers: [2, 0, 1],
      refresh: [1],
      clientOps: true,
    });
    expect(parseTestConfig(text)).toMatchObject({
      modelPath: 'a.onnx',
      inputPath: 'a.npy',
      layers: [0, 2],
      refresh: [1],
      clientOps: true,
      layersReport: true,
      threads: 2,
      ckks: sets,
      bfv: [],
    });
  });

  it.each([
    ['{', /no valid JSON/],
    ['[]', /must be an object/],
    ['{"sets":[]}', /"model".*missing/],
    ['{"model":"a","sets":[]}', /nothing to try/],
    ['{"model":"a","sets":[{"coeffModulusBits":[30]}]}', /"polyModulusDegree" of set 1 is missing/],
    [
      '{"model":"a","sets":[{"polyModulusDegree":4096,"coeffModulusBits":["x"]}]}',
      /"coeffModulusBits" of set 1/,
    ],
    ['{"model":"a","encryption_parameters":[{"m":2048}]}', /"p" of encryption_parameters 1 is missing/],
    ['{"model":1,"sets":[{}]}', /"model".*string/],
  ])('refuses %s', (text, message) => {
    expect(() => parseTestConfig(text)).toThrow(message);
  });

  it.skipIf(!hasSharedData)(`reads PyCrCNN's own file (${SHARED_DATA_ABSENT})`, () => {
    const text = new TextDecoder().decode(readSharedBytes('pycrcnn/encryption_parameters.json'));
    const { modelPath, layers, threads, bfv } = parseTestConfig(text);
    expect([modelPath, layers, threads]).toEqual(['./SimpleModelApprox.pt', [0, 0], 2]);
    expect(bfv).toMatchObject([
      { m: 2048, p: 13513511, sec: 128, base: 2 },
      { m: 2048, p: 13513511, sec: 192, base: 2 },
    ]);
  });
});
