// The table for people: every figure of the report in words, times and sizes in units that fit.
import { describe, expect, it } from 'vitest';
import type { StyleReport } from '../src/app/style/report.ts';
import { reportTable } from './table.ts';

const report: StyleReport = {
  payload: { bytes: 40, version: 3, ecc: 'M', modules: 29 },
  style: 'gradient',
  direction: 'vertical',
  colours: {
    asked: { start: [21, 137, 6], end: [247, 105, 9], background: [255, 255, 255] },
    made: { start: [21, 137, 6], end: [202, 86, 7], background: [255, 255, 255] },
  },
  pixelsPerModule: 8,
  drawnHere: false,
  backend: 'seal',
  parameters: { polyModulusDegree: 8192, coeffModulusBits: [30, 30, 30], logQP: 90, securityBits: 128 },
  bytes: { evaluationKeys: 1_500_000, request: 65_567, response: 1_574_352 },
  timings: {
    keygenMs: 300.4,
    planMs: 9.96,
    encodeMs: 1.26,
    encryptMs: 2.5,
    evaluateMs: 1234.5,
    decryptMs: 12.3,
    correctMs: 7,
    verifyMs: 150,
    totalMs: 2000,
  },
  precision: { maxAbsError: 0.00123, meanAbsError: 0.0001 },
  keys: { made: 2, reused: 0 },
  verified: { maxAbsError: 0.00123, bound: 0.0078 },
  snapped: true,
  correction: {
    untouched: false,
    strength: 0.25,
    changedPixels: 12,
    meanDeltaE: 0.55,
    readBefore: { zxing: true, zbar: false },
  },
  scan: { zxing: true, zbar: true },
};

describe('reportTable', () => {
  it('says everything the report does', () => {
    expect(reportTable(report, ['a.png', 'a.svg'])).toMatchInlineSnapshot(`
      "code            version 3, level M, 29 modules, 40 bytes
      style           gradient, vertical, 8 pixels a module, backend seal
      parameters      N = 8192, log2(QP) = 90, 128-bit security
      wire            keys 1.5 MB, request 66 kB, response 1.6 MB
      keys            2 made for this picture, 0 reused
      keys, plan      300 ms, 10.0 ms
      encrypt         3.8 ms
      evaluate        1235 ms
      decrypt         12 ms
      correct, verify 7.0 ms, 150 ms
      total           2000 ms
      precision       largest error 1.2e-3
      verified        within 7.8e-3 of the style, rounded to it
      correction      strength 0.25, 12 pixels, mean ΔE 0.6
      colours         end #f76909 became #ca5607
      read before     zxing yes, zbar no
      read exactly    zxing yes, zbar yes
      files           a.png, a.svg
      "
    `);
  });

  it('says so when the precision was not measured', () => {
    expect(reportTable({ ...report, precision: undefined }, [])).toMatch(/precision +not measured/);
  });
});
