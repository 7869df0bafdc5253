// PyCrCNN's own file of parameter sets, end to end over worker threads.
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../fixtures/shared-data.ts';
import { parseTestConfig } from '../src/app/tester/test-config.ts';
import { paramsReport } from './params-command.ts';

const folder = fileURLToPath(new URL('../../shared/data/pycrcnn/', import.meta.url));

function config(changes: object) {
  const text = new TextDecoder().decode(readSharedBytes('pycrcnn/encryption_parameters.json'));
  return parseTestConfig(JSON.stringify({ ...(JSON.parse(text) as object), ...changes }));
}

describe.skipIf(!hasSharedData)(`params test on PyCrCNN's file (${SHARED_DATA_ABSENT})`, () => {
  it('runs both sets as they are', async () => {
    const { results } = await paramsReport(config({}), folder, 2);
    expect(results).toMatchObject([
      {
        ran: true,
        scheme: 'bfv',
        packing: 'coefficients',
        parameters: { securityBits: 128, plainModulus: 13513511 },
      },
      { ran: true, scheme: 'bfv', parameters: { securityBits: 192 } },
    ]);
    for (const result of results) {
      if (!result.ran || result.scheme !== 'bfv') expect.fail('not run in BFV');
      expect(result.layers).toMatchObject([{ index: 0, type: 'Conv2d' }]);
      expect(result.layers[0].noiseBudgetBits).toBeGreaterThan(0);
      expect(result.maxAbsError).toBeLessThan(0.1 * 1.53);
      expect(result.maxAbsError).toBeCloseTo(result.fixedPoint.roundingError, 5);
    }
    expect(results[0]).toMatchObject({ fixedPoint: { base: 2, inputDigits: 11, weightDigits: 11 } });
  });

  it('says what the layers up to the square would take', async () => {
    const [first] = (await paramsReport(config({ layers: [0, 1] }), folder, 1)).results;
    expect(first).toMatchObject({ ran: false, reason: expect.stringMatching(/squares/) as string });
  });

  it('refuses refreshes', async () => {
    const changes = { layers: [0, 1], rencrypt_positions: [1] };
    const [first] = (await paramsReport(config(changes), folder, 1)).results;
    expect(first).toMatchObject({ ran: false, code: 'unsupported-layer' });
  });
});
