// Predictions of all that a person waits for: their parts add up, and the line that prices count is left out.
import { describe, expect, it } from 'vitest';
import { CLIENT_COSTS } from '../../plan/cost-tables.ts';
import type { ExplainedSegment } from '../../plan/explanation.ts';
import { predictWhole, type PredictionBasis, PRICED_LINE } from './whole-prediction.ts';

const segment = { inputBytes: 2e6, outputBytes: 0, batch: 1, diagonalBytes: 1e7 } as ExplainedSegment;
const basis: PredictionBasis = {
  explanation: {
    price: { evaluateMs: 20, keysMs: 700, requestMs: 110, responseMs: 1 },
    keyBytes: 1e7,
    segments: [segment],
    rounds: 2,
  },
  inputs: 1,
  evaluateMs: 20,
  times: null,
  backend: 'simd',
  delayMs: 0,
};

describe('the prediction of a whole run', () => {
  it('leaves out the line that prices count', () => {
    expect(PRICED_LINE).toBe(CLIENT_COSTS.bytesPerMs);
    expect(predictWhole(basis).keysMs).toBeCloseTo(700 - 1e7 / CLIENT_COSTS.bytesPerMs);
    expect(predictWhole(basis).warmMs).toBeCloseTo(20 + 111 - 2e6 / CLIENT_COSTS.bytesPerMs);
  });

  it('has a first run of keys, their hand-over and a warm run', () => {
    const { keysMs, handOverMs, firstMs, warmMs } = predictWhole(basis);
    expect(firstMs).toBeCloseTo(keysMs + handOverMs + warmMs);
    expect(handOverMs).toBeGreaterThan(0);
  });

  it('counts the delay once for each exchange, and once more for the keys', () => {
    const [near, far] = [0, 100].map((delayMs) => predictWhole({ ...basis, delayMs }));
    expect(far.exchanges).toBe(3);
    expect(far.warmMs - near.warmMs).toBeCloseTo(300);
    expect(far.firstMs - near.firstMs).toBeCloseTo(400);
    expect(far.keysMs).toBe(near.keysMs);
  });

  it('is longer by how much slower this machine rotates, but for what has been predicted for it already', () => {
    const times = { slots: 4096, primes: 5, rotate: 2.08 } as PredictionBasis['times'];
    const [typical, slow] = [null, times].map((measured) => predictWhole({ ...basis, times: measured }));
    expect(slow.keysMs).toBeCloseTo(2 * typical.keysMs);
    expect(slow.warmMs - 20).toBeCloseTo(2 * (typical.warmMs - 20));
    expect(predictWhole({ ...basis, times, backend: 'seal' }).keysMs).toBe(typical.keysMs);
  });
});
