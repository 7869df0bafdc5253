// `sealed-qr study`: its report of the network that is written from a formula, what it keeps, and what it refuses.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { PUBLISHED, scoreIn, type StudyReport } from '../src/app/study/study-report.ts';
import { decodePng } from '../src/qr/png.ts';
import { runStudy } from './study-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'study-'));
const state = join(folder, 'state');

afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

const AFFINE = ['--only', 'affine', '--workers', '1', '--state', state];

/** What the command prints. */
async function printed(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await runStudy(args);
  const text = write.mock.calls.map(([part]) => String(part)).join('');
  vi.restoreAllMocks();
  return text;
}

describe('sealed-qr study', () => {
  it('reports the affine network, in the clear and encrypted, beside the published figures; the second time from what is kept', async () => {
    const args = [...AFFINE, '--count', '4', '--fhe-count', '2', '--json'];
    const text = await printed(...args);
    const report = JSON.parse(text) as StudyReport;
    expect(report.published).toEqual(PUBLISHED);
    const [{ clear, encrypted }] = report.rows;
    expect([clear!.count, encrypted!.count]).toEqual([4, 2]);
    for (const way of [clear!, encrypted!]) {
      const { readExact, difference } = scoreIn(way, 'clamped', 'uncorrected');
      expect([readExact.value, difference.value]).toEqual([1, 0]);
      expect(way.readers.map(({ reader }) => reader)).toContain('zxing, 4 px');
      expect(way.readers.every(({ exact }) => exact.value === 1)).toBe(true);
    }
    // Encrypted, and not its float network once more: there is an error, and it is small.
    expect(encrypted!.encrypted!.largestError).toBeGreaterThan(0);
    expect(encrypted!.encrypted!.largestError).toBeLessThan(encrypted!.encrypted!.predictedError);
    expect(readdirSync(state).every((name) => name.endsWith('.json'))).toBe(true);
    // The times are those of the first run: nothing was run again.
    expect(await printed(...args)).toBe(text);
  });

  it('goes on from fewer codes to more', async () => {
    await printed(...AFFINE, '--count', '3', '--fhe-count', '0', '--seed', '5');
    const report = JSON.parse(
      await printed(...AFFINE, '--count', '5', '--fhe-count', '0', '--seed', '5', '--json'),
    ) as StudyReport;
    expect(report.rows[0].clear!.count).toBe(5);
  });

  it('prints tables for people', async () => {
    const text = await printed(...AFFINE, '--count', '4', '--fhe-count', '2');
    expect(text).toMatch(/^green_orange, version 1, seed 2026/);
    expect(text).toMatch(/ours, affine, closed form, encrypted +2 /);
  });

  it('writes pairs as pictures, and their texts', async () => {
    const pairs = join(folder, 'pairs');
    await printed('--pairs', pairs, '--count', '3', '--style', 'purple_violet', '--version', '6');
    expect(readdirSync(join(pairs, 'styled'))).toEqual(['00000.png', '00001.png', '00002.png']);
    const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(pairs, name)));
    expect(decodePng(read('default/00000.png')).width).toBe(41);
    expect([...decodePng(read('styled/00000.png')).data.subarray(0, 3)]).toEqual([128, 0, 128]);
    expect(readFileSync(join(pairs, 'texts.csv'), 'utf8').split('\n')[1]).toMatch(/^00000\.png,[a-zA-Z]+$/);
  });

  it.each([
    [['--only', 'nothing'], /--only takes leaky/],
    [['--bits', '9'], /2 to 8/],
    [['--style', 'blue'], /green_orange, purple_violet/],
    [['--version', '2'], /1, 6/],
    [['text'], /options alone/],
    [['--only', 'leaky', '--networks', 'nowhere'], /training\/run\.sh builds it/],
  ])('refuses %j', async (args, message) => {
    await expect(printed(...args)).rejects.toThrow(message);
  });
});
