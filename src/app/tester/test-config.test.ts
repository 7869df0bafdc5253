// The parameter tester's files, ours and PyCrCNN's.
import { describe, expect, it } from 'vitest';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../../../fixtures/shared-data.ts';
import { parseTestConfig } from './test-config.ts';

const set = { polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] };
const bfvSet = { m: 4096, p: 1032193 };

function parse(fields: object): ReturnType<typeof parseTestConfig> {
  return parseTestConfig(JSON.stringify({ model: 'a.pt', input: 'a.npy', sets: [set], ...fields }));
}

describe('keys of a parameter file', () => {
  it.each<[string, object, RegExp[]]>([
    ['at the top', { inputt: 'b.npy' }, [/"inputt" of the configuration is not known: is "input" meant\?/]],
    ['in other letters', { Client_Ops: true }, [/"Client_Ops" .* is "clientOps" meant\?/]],
    ['with two letters swapped', { laeyrs: [0] }, [/"laeyrs" .* is "layers" meant\?/]],
    ['in a set', { sets: [set, { ...set, nam: 'x' }] }, [/"nam" of set 2 .* is "name" meant\?/]],
    [
      'in a BFV set',
      { encryption_parameters: [{ ...bfvSet, bse: 3 }] },
      [/"bse" of encryption_parameters 1 .* is "base" meant\?/],
    ],
    [
      'that stand at another level',
      { sets: [{ ...set, input: 'b.npy' }] },
      [/"input" of set 1 .* belongs at the top/],
    ],
    ['like none', { colour: 'red' }, [/"colour" of the configuration is not known\. Known are .*"threads"/]],
    ['several at once', { bse: 2, inputt: 1, layer: [1] }, [/"bse"/, /"inputt"/, /"layer"/]],
    [
      'that JavaScript has a meaning for',
      JSON.parse('{"__proto__": 1, "constructor": 2}') as object,
      [/"__proto__"/, /"constructor"/],
    ],
    [
      'of PyCrCNN that say a shape alone',
      { dataset: 'CIFAR10', net: 'MNIST' },
      [
        /"dataset" .*"CIFAR10", says the shape of an input, 3×32×32.*--input/,
        /"net" .*"MNIST", .*1×28×28.*--model/,
      ],
    ],
    [
      'of PyCrCNN that name what is not here',
      { net: 'SimpleModel' },
      [/"net" .*"SimpleModel", loads nothing here/],
    ],
    [
      'of PyCrCNN without a meaning here',
      { batch_size: 4, address: 'http://127.0.0.1', ak: 'x', sk: 'y', bk: 'z' },
      [/"batch_size" .* no effect here.*"count"/, /"address" .*nothing is sent/, /"ak"/, /"sk"/, /"bk"/],
    ],
    [
      'of relinKeyGen',
      { relinKeyGen: [20, 5], encryption_parameters: [{ ...bfvSet, bitCount: 20, size: 5 }] },
      [
        /"relinKeyGen" of the configuration does not apply/,
        /"bitCount" of encryption_parameters 1 does not apply/,
        /"size" of encryption_parameters 1 does not apply/,
      ],
    ],
  ])('%s are reported', (_, fields, patterns) => {
    const { notes } = parse(fields);
    for (const pattern of patterns) expect(notes.join('\n')).toMatch(pattern);
    expect(notes).toHaveLength(patterns.length);
    expect(parse({}).notes).toEqual([]);
  });

  it('are reported with the error where something is missing for them', () => {
    const wrong = { model: 'a.pt', encryption_parameters: [{ m: 2048, q: 17 }] };
    expect(() => parseTestConfig(JSON.stringify(wrong))).toThrow(/"p" .* is missing\..*"q" .* is not known/);
  });

  it.each([
    ['clientOps', 'sure'],
    ['layersReport', 1],
    ['debug', 'maybe'],
  ])('%s is true or false, not %j', (name, value) => {
    expect(() => parse({ [name]: value })).toThrow(new RegExp(`"${name}" .* must be true or false`));
  });

  it('PyCrCNN’s debug says whether layers are reported', () => {
    expect([parse({}), parse({ debug: 'y' }), parse({ debug: 'n' })].map((c) => c.layersReport)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('rencrypt_positions', () => {
  it('is read wherever it stands; a set’s own counts instead of the file’s', () => {
    const { ckks, bfv } = parse({
      rencrypt_positions: [2],
      sets: [set, { ...set, rencrypt_positions: [1, 3] }, { ...set, refresh: [0] }],
      encryption_parameters: [bfvSet, { ...bfvSet, rencrypt_positions: [] }],
    });
    expect([...ckks, ...bfv].map(({ refresh }) => refresh)).toEqual([
      { kind: 'positions', at: [2] },
      { kind: 'positions', at: [1, 3] },
      { kind: 'after', layers: [0] },
      { kind: 'positions', at: [2] },
      { kind: 'positions', at: [] },
    ]);
  });

  it('is refused beside refresh', () => {
    expect(() => parse({ refresh: [1], rencrypt_positions: [2] })).toThrow(
      /"refresh" or "rencrypt_positions"/,
    );
  });
});

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
      clientOps: true,
      layersReport: true,
      threads: 2,
      ckks: [{ ...sets[0], refresh: { kind: 'after', layers: [1] } }],
      bfv: [],
    });
  });

  it.each([
    ['{', /no valid JSON/],
    ['[]', /must be an object/],
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

  it('gives a BFV set Pyfhel’s defaults for what it does not say', () => {
    const { bfv } = parse({
      encryption_parameters: [
        { p: 65537 },
        { p: 17, intDigits: 8, fracDigits: 4, base: 3, flagBatching: true, name: 'mine' },
      ],
    });
    expect(bfv).toMatchObject([
      { m: 2048, p: 65537, sec: 128, base: 2, intDigits: 64, fracDigits: 32, flagBatching: false },
      { name: 'mine', m: 2048, p: 17, base: 3, intDigits: 8, fracDigits: 4, flagBatching: true },
    ]);
    expect(bfv[0].name).toBe('set 1: m = 2048, p = 65537, sec = 128, base = 2');
  });

  it.each<[string, object]>([
    [
      'encryption_parameters',
      { modelPath: './SimpleModelApprox.pt', layers: [0, 0], threads: 2, datasetShape: [3, 32, 32] },
    ],
    [
      'local_execution_parameters',
      { modelPath: undefined, layers: [0, 7], threads: 1, datasetShape: [1, 28, 28] },
    ],
    [
      'network_client_parameters',
      { modelPath: undefined, layers: [0, 1], threads: 1, datasetShape: undefined },
    ],
  ])(
    `reads PyCrCNN's own %s.json, and uses or names its every key (${SHARED_DATA_ABSENT})`,
    (name, expected) => {
      if (!hasSharedData) {
        expect(hasSharedData).toBe(false);
        return;
      }
      const text = new TextDecoder().decode(readSharedBytes(`pycrcnn/${name}.json`));
      const config = parseTestConfig(text);
      expect(config).toMatchObject(expected);
      const used = ['encryption_parameters', 'debug', 'layers', 'model_path', 'max_threads'];
      const keys = Object.keys(JSON.parse(text) as object);
      for (const key of keys.filter((known) => !used.includes(known)))
        expect(config.notes.some((note) => note.startsWith(`"${key}"`))).toBe(true);
    },
  );
});
