// `sealed-qr style new`: a drawing of one's own gets the cheapest features that draw it, figures and a trial by readers.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runStyle } from './style-command.ts';

afterEach(() => vi.restoreAllMocks());

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

describe('sealed-qr style new', () => {
  it('fits a drawing exactly by the cheapest network that can, and reads it', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await runStyle(['new', fixture('ring-drawing.ts'), '--codes', '6', '--json']);
    const card = JSON.parse(String(write.mock.calls[0][0])) as {
      features: string;
      drawingError: number;
      levels: number;
      reads: { codes: number; read: Record<string, number> };
    };
    // It goes on to the left and the right: strokes go up and down, the cross has both.
    expect(card).toMatchObject({ features: 'cross', levels: 3 });
    expect(card.drawingError).toBeLessThan(0.001);
    expect(card.reads.read['zxing 8 px']).toBe(card.reads.codes);
    expect(card.reads.read['zbar 8 px']).toBeGreaterThan(card.reads.codes / 2);
  });

  it('hands out a board, and makes a style of it once it is painted over', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const folder = await mkdtemp(join(tmpdir(), 'board-'));
    const [board, card] = ['board.png', 'card.json'].map((name) => join(folder, name));
    await runStyle(['board', '--out', board, '--pixels', '8']);
    // Nothing painted over: squares, which one module alone decides.
    await runStyle(['new', board, '--codes', '6', '--card', card]);
    expect(String(write.mock.calls[0][0])).toMatch(
      /^features one, .* left out as grain, 1 levels, .*jsqr 8 px/,
    );
    const written = JSON.parse(await readFile(card, 'utf8')) as { reads: { codes: number; read: object } };
    expect(written.reads.read).toMatchObject({ 'zxing 8 px': written.reads.codes });
    await rm(folder, { recursive: true });
  });

  it('styles a text with a drawing of one’s own, encrypted', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const folder = await mkdtemp(join(tmpdir(), 'drawing-'));
    const [board, picture] = ['board.png', 'code.png'].map((name) => join(folder, name));
    await runStyle(['board', '--out', board, '--pixels', '8']);
    for (const drawing of [board, fixture('ring-drawing.ts')]) {
      await runStyle([
        'drawn',
        '--drawing',
        drawing,
        '--out',
        picture,
        '--force',
        '--workers',
        '1',
        '--json',
      ]);
      const report = JSON.parse(String(write.mock.lastCall?.[0])) as Record<string, unknown>;
      expect(report).toMatchObject({ style: 'drawing', backend: 'simd', scan: { zxing: true, zbar: true } });
      expect(report).toMatchObject({ correction: { readBefore: { zxing: true } }, keys: { reused: 0 } });
    }
    await rm(folder, { recursive: true });
  });

  it('refuses what is no drawing', async () => {
    await expect(runStyle(['new', fixture('onnx-writer.ts')])).rejects.toThrow('has no recipe');
    const both = ['text', '--drawing', 'a.ts', '--picture', 'a.png', '--out', 'b.png'];
    await expect(runStyle(both)).rejects.toThrow('not both');
    await expect(runStyle(['new', 'missing.ts'])).rejects.toThrow('cannot be loaded');
    await expect(runStyle(['new', 'a.ts', 'b.ts'])).rejects.toThrow('takes one drawing');
  });
});
