// PyCrCNN's own files and its notebook's set, end to end over worker threads: the figures that its encoder has.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../fixtures/shared-data.ts';
import type { BfvResult } from '../src/app/tester/bfv-sweep.ts';
import { pycrcnnResults } from '../src/app/tester/pycrcnn-results.ts';
import { parseTestConfig, type TestConfig } from '../src/app/tester/test-config.ts';
import { paramsReport } from './params-command.ts';
import { paramsTable, type ParamsReport } from './params-table.ts';

const folder = fileURLToPath(new URL('../../shared/data/pycrcnn/', import.meta.url));

/** One of PyCrCNN's files as it is, but for what the command line would say. */
function config(file: string, given: Partial<TestConfig>, changes: object = {}): TestConfig {
  const text = new TextDecoder().decode(readSharedBytes(`pycrcnn/${file}.json`));
  return { ...parseTestConfig(JSON.stringify({ ...(JSON.parse(text) as object), ...changes })), ...given };
}

const CLOTHES = { modelPath: 'local_execution_model.pt', inputPath: 'input_image_dim1.npy' };
const COLOURS = { modelPath: 'SimpleModelApprox.pt', inputPath: 'rand_1x3x32x32_seed0.npy' };
/** The notebook's set, written as a file. */
const NOTEBOOK = {
  encryption_parameters: [{ m: 2048, p: 13513511, sec: 128, base: 2 }],
  layers: [0, 1, 2, 3],
};

function digits({ results }: ParamsReport, at = 0): BfvResult {
  const result = results[at];
  if (!result.ran || result.scheme !== 'bfv') expect.fail('not run in BFV');
  return result;
}

/** Within a factor of three. */
function expectNear(value: number, expected: number): void {
  expect(value).toBeGreaterThan(expected / 3);
  expect(value).toBeLessThan(3 * expected);
}

/** What every run has, whatever its figures. */
function expectSound(report: ParamsReport): void {
  for (const [at, result] of report.results.entries()) {
    const { layers, startBudgetBits } = digits(report, at);
    for (const { maxAbsError, bound } of layers) expect(maxAbsError).toBeCloseTo(bound, 12);
    const budgets = [startBudgetBits, ...layers.map(({ noiseBudgetBits }) => noiseBudgetBits)];
    budgets.forEach((bits, i) => expect(bits).toBeLessThanOrEqual(budgets[i - 1] ?? Infinity));
    expect(result.ran).toBe(true);
  }
  const { slots, ckks } = report.beside!;
  if (!ckks.ran) expect.fail(ckks.reason);
  // One value in a ciphertext is what costs: the same network in CKKS sends a hundredth, and less.
  expect(ckks.bytes.request).toBeLessThan(digits(report).bytes.request / 100);
  expect(slots.scheme).toBe('bfv');
  expect(paramsTable(report)).toMatch(/bits of noise budget/);
}

describe.skipIf(!hasSharedData)(`params test on PyCrCNN's files (${SHARED_DATA_ABSENT})`, () => {
  it(
    'encryption_parameters.json runs as it is: 1.5e-8, at both levels of security',
    { tags: ['long'] },
    async () => {
      const report = await paramsReport(
        config('encryption_parameters', { inputPath: COLOURS.inputPath }),
        folder,
      );
      expectSound(report);
      for (const at of [0, 1]) {
        expectNear(digits(report, at).maxAbsError, 1.5e-8);
        expect(digits(report, at).problem).toBeNull();
      }
      const [[parameters, final, rows]] = pycrcnnResults(report.results) as [[object, object, object[]]];
      expect(parameters).toMatchObject({ m: 2048, p: 13513511, sec: 128, base: 2 });
      expect(final).toMatchObject({ final_max_error: digits(report).maxAbsError });
      expect(rows).toMatchObject([
        { layer_name: 'start', min_noise: digits(report).startBudgetBits, max_error: 0 },
        {
          layer_name: "<class 'pycrcnn.convolutional.convolutional_layer.ConvolutionalLayer'>",
          min_noise: digits(report).layers[0].noiseBudgetBits,
          max_error_position: expect.stringMatching(/^\(0, \d+, \d+, \d+\)$/) as string,
        },
      ]);
    },
  );

  it('the notebook’s set runs as a file: 1.1e-5, 13 bits left or one less', { tags: ['long'] }, async () => {
    const report = await paramsReport(config('encryption_parameters', CLOTHES, NOTEBOOK), folder);
    expectSound(report);
    expectNear(digits(report).maxAbsError, 1.1e-5);
    expect(digits(report).problem).toBeNull();
    expect([12, 13]).toContain(digits(report).layers.at(-1)!.noiseBudgetBits);
  });

  it(
    'local_execution_parameters.json: 2.0e-3 at layer 6, of digits that decoding does not read',
    { tags: ['long'] },
    async () => {
      const report = await paramsReport(config('local_execution_parameters', CLOTHES), folder);
      expectSound(report);
      const { layers, maxAbsError, problem, nearest } = digits(report);
      expect(report.notes.join(' ')).toMatch(/Layers 0–7 were asked for: the model has 0–6/);
      expectNear(maxAbsError, 2.0e-3);
      expectNear(layers.at(-2)!.maxAbsError, 2.1e-4);
      expect(problem).toMatchObject({ kind: 'digits', layer: 6 });
      expect(nearest!.changes['fracDigits']).toBeGreaterThan(32);
      expect(nearest!.maxAbsError).toBeLessThan(maxAbsError / 10);
    },
  );

  it(
    'network_client_parameters.json: 1.1e-2, of coefficients that pass p/2, and a p that does',
    { tags: ['long'] },
    async () => {
      const report = await paramsReport(config('network_client_parameters', COLOURS), folder);
      expectSound(report);
      const { maxAbsError, problem, nearest, layers } = digits(report);
      expectNear(maxAbsError, 1.1e-2);
      expect(layers.at(-1)!.digits!.wrapped).toBe(12_792);
      expect(layers.at(-1)!.noiseBudgetBits).toBeGreaterThan(4);
      expect(problem).toMatchObject({ kind: 'coefficient', layer: 1, type: 'Square' });
      expect(nearest!.changes['p']).toBeGreaterThan(11115);
      expectNear(nearest!.maxAbsError, 7.8e-6);
    },
  );

  it('its layers at m = 4096 and p = 13513511: 7.8e-6, some bits left', { tags: ['long'] }, async () => {
    const changes = { encryption_parameters: [{ m: 4096, p: 13513511 }] };
    const report = await paramsReport(config('network_client_parameters', COLOURS, changes), folder);
    expectSound(report);
    const { maxAbsError, problem, layers } = digits(report);
    expectNear(maxAbsError, 7.8e-6);
    expect(problem).toBeNull();
    expect(layers.at(-1)!.noiseBudgetBits).toBeGreaterThan(0);
  });

  it('the client’s set on a convolution and an average pool: 2.0e-8', { tags: ['long'] }, async () => {
    const report = await paramsReport(config('network_client_parameters', CLOTHES), folder);
    expectSound(report);
    expectNear(digits(report).maxAbsError, 2.0e-8);
    expect(digits(report).layers.at(-1)!.noiseBudgetBits).toBeGreaterThan(20);
  });
});
