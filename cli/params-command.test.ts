// The parameter tester on small files: what it was tried on, what it did not understand, where it encrypted again.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcessWorkers } from '../fixtures/in-process-session.ts';
import { writeOnnx } from '../fixtures/onnx-writer.ts';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../fixtures/shared-data.ts';
import type { SessionWorkers } from '../src/app/session/workers.ts';
import { parseTestConfig, type TestConfig } from '../src/app/tester/test-config.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { paramsReport } from './params-command.ts';
import { paramsTable } from './params-table.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
  // Six squares of small numbers: each takes a level.
  const nodes = Array.from({ length: 6 }, (_, i) => {
    const value = i === 0 ? 'x' : `s${i - 1}`;
    return { op: 'Mul', inputs: [value, value], outputs: [`s${i}`] };
  });
  const input = { name: 'x', dims: [1, 4] };
  await writeFile(
    join(folder, 'squares.onnx'),
    writeOnnx({ opset: 13, input, initializers: [], nodes, output: 's5' }),
  );
  await writeFile(join(folder, 'x.json'), '[0.9, -0.95, 0.8, 0.99]');
});
afterAll(() => rm(folder, { recursive: true }));

const twoLevels = { polyModulusDegree: 8192, coeffModulusBits: [30, 28, 30, 30] };
const FILE = { model: 'squares.onnx', input: 'x.json', backend: 'simd', layersReport: false };

/** In this thread unless told otherwise: to start four others takes longer than most of what is tried. */
function report(fields: object, workers: SessionWorkers = inProcessWorkers()) {
  return paramsReport(parseTestConfig(JSON.stringify({ ...FILE, ...fields })), folder, 1, workers);
}

describe('what a test is made on', () => {
  const sets = [{ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] }];
  const simulated = { layers: [0], backend: 'clear', sets };

  it('is called made up, in table and JSON, where the file gives no input', async () => {
    const made = await report({ ...simulated, input: undefined });
    expect(made.input).toMatchObject({ madeUp: true, file: null, count: 1, shape: [4] });
    expect(made.input.description).toMatch(/made up/);
    expect(paramsTable(made)).toMatch(/^input: made up.*"input"/);
    expect(made.results).toMatchObject([{ ran: true }]);
  });

  it('is named where the file gives one', async () => {
    const given = await report(simulated);
    expect(given.input).toMatchObject({ madeUp: false, file: 'x.json', count: 1, shape: [4] });
    expect(paramsTable(given)).toMatch(/^input: x\.json, 1 input of 4\n/);
    expect(given.notes).toEqual([]);
  });

  it('gives no ranges: they are the model owner’s samples, or the range of an input', async () => {
    // Six squares of numbers up to 3 fit no parameters; of numbers up to 1, they do.
    const wide = await report({ ...simulated, inputRange: [-3, 3], layers: undefined });
    expect(wide.results).toMatchObject([{ ran: false }]);
    const narrow = await report({ ...simulated, calibrate: 'x.json' });
    expect(narrow.results).toMatchObject([{ ran: true }]);
    expect(narrow.notes).toEqual([]);
    expect(() => report({ ...simulated, inputRange: [3] })).toThrow(/two numbers, the lesser first/);
  });

  it('stands beside the keys that nothing reads', async () => {
    const misspelt = await report({ ...simulated, input: undefined, inputt: 'x.json' });
    expect(misspelt.input.madeUp).toBe(true);
    expect(misspelt.notes).toEqual([expect.stringMatching(/"inputt" .* is "input" meant\?/)]);
    expect(paramsTable(misspelt)).toMatch(
      /\nnote: "inputt" of the configuration is not known: is "input" meant\?\n/,
    );
  });
});

describe('rencrypt_positions', () => {
  it('[2, 5] encrypts again before the layers 2 and 4: two levels are enough for six squares', async () => {
    const { results } = await report({
      calibrate: 'x.json',
      sets: [
        { ...twoLevels, rencrypt_positions: [2, 5] },
        twoLevels,
        { ...twoLevels, rencrypt_positions: [3] },
      ],
    });
    expect(results).toMatchObject([
      { ran: true, refreshedAfter: [1, 3] },
      { ran: false, code: 'does-not-fit' },
      { ran: false, code: 'does-not-fit' },
    ]);
    const [first] = results;
    if (!first.ran || first.scheme !== 'ckks') expect.fail('not run in CKKS');
    expect(first.bytes.rounds).toBeGreaterThan(0);
    expect(first.maxAbsError).toBeLessThan(first.predictedError);
  });

  it('counts for all sets at the top of the file, and says in the table where it happened', async () => {
    const done = await report({ sets: [twoLevels], rencrypt_positions: [2, 5] });
    expect(done.results).toMatchObject([{ ran: true, refreshedAfter: [1, 3] }]);
    expect(paramsTable(done)).toMatch(/encrypted again after layer 1, 3: \d/);
  });

  it('0 is before the first layer, where the input is fresh: nothing happens', async () => {
    const { results } = await report({ layers: [0, 1], sets: [{ ...twoLevels, rencrypt_positions: [0] }] });
    expect(results).toMatchObject([{ ran: true, refreshedAfter: [], bytes: { rounds: 0 } }]);
  });

  it('encrypts again inside a BFV set as well', async () => {
    const set = { m: 4096, p: 1032193, sec: 128, base: 2 };
    const sets = [
      { ...set, rencrypt_positions: [1] },
      { ...set, rencrypt_positions: [0] },
    ];
    // On threads, as a user's own.
    const { results } = await report({ layers: [0, 1], encryption_parameters: sets }, nodeWorkers(1));
    const nodes = results.map((result) =>
      result.ran && result.scheme === 'bfv' ? result.layers.map(({ node }) => node) : [],
    );
    expect(nodes[0]).toEqual(['squares', 'refresh', 'squares']);
    expect(nodes[1].slice(0, 2)).toEqual(['squares', 'squares']);
  });

  it('beyond the end of the network is an error that says so', async () => {
    await expect(report({ sets: [{ ...twoLevels, rencrypt_positions: [9] }] })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/"rencrypt_positions" has 9/) as string,
    });
  });
});

describe('what the command line says', () => {
  const sets = [{ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] }];
  const run = (given: Partial<TestConfig>, fields: object) =>
    paramsReport(
      { ...parseTestConfig(JSON.stringify({ backend: 'clear', sets, ...fields })), ...given },
      folder,
      1,
      inProcessWorkers(),
    );

  it('stands in for what the file lacks, and goes before what it has', async () => {
    const given = { modelPath: 'squares.onnx', inputPath: 'x.json', layers: [0, 0] as const };
    const done = await run(given, { model: 'absent.onnx' });
    expect(done).toMatchObject({ model: 'squares.onnx', input: { file: 'x.json' }, layers: [0, 0] });
    await expect(run({}, { modle: 'squares.onnx' })).rejects.toThrow(
      /--model FILE.*"modle" .* is "model" meant/,
    );
  });

  it('is cut to the layers that there are, with a note', async () => {
    const done = await run({ modelPath: 'squares.onnx', layers: [5, 99] }, {});
    expect(done.layers).toEqual([5, 5]);
    expect(done.notes).toEqual([expect.stringMatching(/Layers 5–99 were asked for/)]);
  });
});

describe('the example of the documents', () => {
  it('has nothing that is not understood, and files that are there', async () => {
    const path = fileURLToPath(new URL('../examples/parameters.json', import.meta.url));
    const config = parseTestConfig(await readFile(path, 'utf8'));
    expect(config).toMatchObject({ notes: [], layers: [0, 0], bfv: [{}, {}], ckks: [{}] });
    for (const file of [config.modelPath!, config.inputPath!])
      expect((await readFile(join(dirname(path), file))).length).toBeGreaterThan(0);
  });
});

describe('the customary primes of 60 and 40 bits', () => {
  it('are answered with the nearest that work, tried', async () => {
    const customary = { polyModulusDegree: 8192, coeffModulusBits: [60, 40, 40, 60] };
    const [first] = (await report({ layers: [0, 1], sets: [customary] })).results;
    if (first.ran || first.scheme !== 'ckks' || !first.nearest) expect.fail('not answered');
    expect(first.reason).toMatch(/a prime of 60 bits does not fit/);
    const { parameters, maxAbsError } = first.nearest;
    expect(Math.max(...parameters.coeffModulusBits)).toBeLessThanOrEqual(30);
    expect(maxAbsError).toBeLessThan(1e-3);
    const [again] = (await report({ layers: [0, 1], sets: [parameters] })).results;
    expect(again.ran).toBe(true);
  });
});

describe.skipIf(!hasSharedData)(`a file of the data set (${SHARED_DATA_ABSENT})`, () => {
  it('with a position inside its set is run with it', async () => {
    const path = fileURLToPath(new URL('../../shared/data/models/rencrypt_inside_set.json', import.meta.url));
    const text = new TextDecoder().decode(readSharedBytes('models/rencrypt_inside_set.json'));
    const config = { ...parseTestConfig(text), layers: [0, 1] as const };
    const { results } = await paramsReport(config, dirname(path), 1);
    const [first] = results;
    if (!first.ran || first.scheme !== 'bfv') expect.fail('not run in BFV');
    expect(first.layers.map(({ node }) => node)).toContain('refresh');
  });
});
