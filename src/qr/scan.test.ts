// Tests of the scanners by themselves: loading, failing to load, and pictures without a code.
import { describe, expect, it } from 'vitest';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { loadTestScanners } from '../../fixtures/scanners.ts';
import { SealedError } from '../base/errors.ts';
import { encodeQr } from './matrix.ts';
import { drawPlain, filledRaster } from '../../fixtures/plain-code.ts';
import { DECODERS, loadScanners } from './scan.ts';

describe('loadScanners', () => {
  it('says so when the WebAssembly cannot be had, and loads when it can', async () => {
    const wrong = 'data:text/plain,no';
    const missing = loadScanners({ zxing: wrong, zbar: wrong });
    await expect(missing).rejects.toBeInstanceOf(SealedError);
    await expect(missing).rejects.toMatchObject({ code: 'load-failed', detail: { reason: 'damaged' } });
    await expect(missing).rejects.toThrow('The QR reader zxing');
    const half = loadScanners({ ...scannerFiles(), zbar: wrong });
    await expect(half).rejects.toThrow('The QR reader zbar');
    const scanners = await loadTestScanners();
    for (const decoder of DECODERS) {
      expect(await scanners[decoder](drawPlain(encodeQr('once more'), 4, 16))).toBe('once more');
    }
    scanners.dispose();
  });

  it('finds nothing in an empty, a tiny and an inverted picture', async () => {
    const scanners = await loadTestScanners();
    const inverted = drawPlain(encodeQr('inverted'), 4, 16, [255, 255, 255], [0, 0, 0]);
    for (const picture of [
      filledRaster(200, 200, [255, 255, 255]),
      filledRaster(1, 1, [0, 0, 0]),
      inverted,
    ]) {
      for (const decoder of DECODERS) expect(await scanners[decoder](picture)).toBeNull();
    }
    scanners.dispose();
  });
});
