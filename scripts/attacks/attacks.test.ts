// The attacks in small: each succeeds on its control and fails on the product. `npm run attacks` runs them at full size.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadScanners, type Scanners } from '../../src/qr/scan.ts';
import { scannerFiles } from '../../workers/platform/node-client.ts';
import { attackAnswers } from './answer-outcomes.ts';
import { CRAFTED, HARMLESS } from './crafted-answers.ts';
import { sameCrossings, tryAnswers } from './hostile-answers.ts';
import { attackKeys, type KeyAttacks, type Target } from './key-outcomes.ts';
import type { Outcome } from './outcomes.ts';
import { attackPassively } from './passive-outcomes.ts';

let scanners: Scanners;
beforeAll(async () => {
  scanners = await loadScanners(scannerFiles());
});
afterAll(() => scanners.dispose());

async function outcomesOf(target: Target, attacks: KeyAttacks): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await attackKeys(target, scanners, attacks, (outcome) => outcomes.push(outcome));
  return outcomes;
}

const wrong = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter(({ isRight }) => isRight === false);

describe('the key in a picture', () => {
  const small: KeyAttacks = { versions: [], many: 0, sweep: [4] };

  it('is read from one picture of the old client, and opens a text that was never published', async () => {
    const [outcome, ...others] = await outcomesOf('old', small);
    expect(others).toEqual([]);
    expect(outcome).toMatchObject({
      isRight: true,
      found: expect.stringMatching(
        /^key from 3\d+ of 4096 measured, 1 published and 1 other texts read$/,
      ) as string,
    });
  });

  it('is refused by the product, of one picture and of several', async () => {
    const outcomes = await outcomesOf('product', { ...small, many: 2 });
    expect(wrong(outcomes)).toEqual([]);
    expect(outcomes.map(({ found }) => found)).toEqual([
      '2 refused (wrong-answer), nothing published',
      '2 refused (wrong-answer), nothing published',
      '1 refused (wrong-answer), nothing published',
    ]);
  });

  it('is that of one picture where there is no reference: it opens the text that the picture shows', async () => {
    const [outcome] = await outcomesOf('unverified', small);
    expect(outcome).toMatchObject({
      isRight: true,
      found: expect.stringMatching(
        /^key from 3\d+ of 4096 measured, 1 published and 0 other texts read$/,
      ) as string,
    });
  });
});

describe('the passive attack', () => {
  it('succeeds on raw outputs, and fails on eight bits and on published pictures', async () => {
    const outcomes: Outcome[] = [];
    await attackPassively((outcome) => outcomes.push(outcome));
    expect(outcomes.map(({ isRight }) => isRight)).toEqual([true, true, true, true]);
    expect(outcomes.map(({ found }) => found.startsWith('key recovered'))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('hostile answers', () => {
  it('are twenty-four', () => {
    expect(Object.keys(CRAFTED)).toHaveLength(24);
  });

  it.each([true, false])('end as they must, with a reference: %s', async (verified) => {
    const outcomes: Outcome[] = [];
    const campaign = { style: 'gradient', verified, mutations: 20, seed: 1 } as const;
    await attackAnswers(campaign, (outcome) => outcomes.push(outcome));
    expect(wrong(outcomes)).toEqual([]);
    const accepted = outcomes.filter(({ found }) => found.includes('accepted, other bytes'));
    expect(accepted.length > 0).toBe(!verified);
  });

  it('let keys and calls that cross look as after a success', async () => {
    const crafted = ['replay of an older run', 'one missing', 'c1 = 0'];
    const tried = await tryAnswers({ style: 'liquid', verified: true, crafted, mutations: 0, seed: 1 });
    const [honest, ...others] = tried;
    expect(tried).toHaveLength(Object.keys(HARMLESS).length + 3);
    expect(honest.crossings.map(({ call }) => call)).toEqual(
      expect.arrayContaining(['putKeys', 'evaluate', 'drop']),
    );
    for (const { name, crossings } of others) {
      expect(sameCrossings(crossings, honest.crossings), name).toBe(true);
    }
    // A call more, or another size, is seen.
    const [first, ...rest] = honest.crossings;
    expect(sameCrossings(rest, honest.crossings)).toBe(false);
    expect(sameCrossings([{ ...first, bytes: first.bytes + 1 }, ...rest], honest.crossings)).toBe(false);
  });
});
