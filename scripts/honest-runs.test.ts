// Honest pictures in small: none refused, none beyond half of its bound. `npm run honest` makes a thousand.
import { describe, expect, it } from 'vitest';
import { inProcessWorkers } from '../fixtures/in-process-session.ts';
import { honestReport, runHonestly } from './honest-tally.ts';

describe('honest runs', () => {
  for (const [runs, ...tags] of [[3], [60, 'long']] as const) {
    it(`${runs} of them are accepted, all within half of their bound`, { tags }, async () => {
      const tally = await runHonestly({ workers: inProcessWorkers(1), runs, seed: 2 });
      expect(tally).toMatchObject({ runs, refused: [], beyondHalf: 0 });
      expect([...tally.styles.values()].every(({ maxAbsError }) => maxAbsError > 0)).toBe(true);
      const circumstances = { date: '2026-01-01', commit: 'abc', machine: 'a machine' };
      expect(honestReport(tally, circumstances)).toContain('**0 were refused; 0 were beyond half');
    });
  }
});
