// `sealed-qr styles`: a card for each style, of the file that is there, within what the gallery promises.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StyleCard } from '../src/style/style-card.ts';
import { styleById, STYLES } from '../src/style/styles.ts';
import { runStyles } from './styles-command.ts';

afterEach(() => vi.restoreAllMocks());

/** What the command prints. */
async function printed(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await runStyles(args);
  return write.mock.calls.map(([text]) => String(text)).join('');
}

/** What a card breaks of the promises: levels, keys, time, error, size, reading. */
function broken({ card }: { card: StyleCard }): string[] {
  const { reads } = card;
  const share = Math.min(reads.zxing, reads.zbar) / reads.codes;
  const promises: Readonly<Record<string, boolean>> = {
    'N ≤ 8192, log2(QP) ≤ 214': card.polyModulusDegree <= 8192 && card.logQP <= 214,
    'no rotation key, keys ≤ 3 MB': card.rotationKeys === 0 && card.keyBytes <= 3e6,
    'largest error ≤ .0039': card.largestError <= 0.0039,
    'file ≤ 300 kB': card.fileBytes <= 300e3,
    'drawing error ≤ .0075': card.drawingError <= 0.0075,
    'reads before correction in 99.5 %': share >= 0.995,
  };
  return Object.entries(promises).flatMap(([name, isKept]) => (isKept ? [] : [name]));
}

describe('sealed-qr styles', () => {
  it('lists every style with a card that keeps its promises, of the network that is there', async () => {
    const listed = JSON.parse(await printed('--json')) as { id: string; title: string; card: StyleCard }[];
    expect(listed.map(({ id, title }) => [id, title])).toEqual(STYLES.map(({ id, name }) => [id, name]));
    for (const entry of listed) {
      const bytes = readFileSync(new URL(`../public/${styleById(entry.id).model}`, import.meta.url));
      expect(createHash('sha256').update(bytes).digest('hex'), entry.id).toBe(entry.card.features);
      expect(broken(entry), entry.id).toEqual([]);
    }
    const [{ card }] = listed;
    expect(broken({ card: { ...card, largestError: 0.004 } })).toEqual(['largest error ≤ .0039']);
    const few = { ...card, reads: { ...card.reads, zbar: card.reads.codes * 0.99 } };
    expect(broken({ card: few })).toEqual(['reads before correction in 99.5 %']);
  });

  it('prints a line for each style', async () => {
    const lines = (await printed()).trimEnd().split('\n');
    expect(lines).toHaveLength(STYLES.length);
    expect(lines[0]).toMatch(/^ink +5 levels, keys 2\.8 MB, answer 3\.1 MB, .* read \d+ and \d+ of \d+$/);
  });

  it('refuses a text', async () => {
    await expect(runStyles(['text'])).rejects.toThrow('takes no text');
  });
});
