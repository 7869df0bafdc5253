// Arguments of `sealed-qr style`: each mistake is named before anything starts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runStyle } from './style-command.ts';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError } from './files.ts';
import { modelPath } from '../workers/platform/node-local-service.ts';
import { UsageError } from './usage.ts';

describe('runStyle refuses', () => {
  it.each<[string, string[], RegExp]>([
    ['no text', ['--out', 'x.png'], /text to encode is missing/],
    [
      'a text and a file of it',
      ['text', '--text-file', 'a.txt', '--out', 'x.png'],
      /a text or --text-file, not both/,
    ],
    ['a text that was no UTF-8', ['M\ufffdll', '--out', 'x.png'], /not UTF-8.*--text-file/],
    ['a text that is no Unicode', ['a\ud800', '--out', 'x.png'], /not UTF-8/],
    ['two texts', ['one', 'two', '--out', 'x.png'], /Give one text/],
    ['no file', ['text'], /--out FILE\.png is missing/],
    ['an unknown option', ['text', '--out', 'x.png', '--colour', 'red'], /--colour/],
    ['an option without its value', ['text', '--out'], /--out/],
    ['a value for a switch', ['text', '--out', 'x.png', '--json=yes'], /--json/],
    [
      'an unknown style',
      ['text', '--out', 'x.png', '--style', 'neon'],
      /--style must be .*liquid.*, not "neon"/,
    ],
    ['an unknown level', ['text', '--out', 'x.png', '--ecc', 'h'], /--ecc must be .*H.*, not "h"/],
    [
      'an unknown backend',
      ['text', '--out', 'x.png', '--backend', 'gpu'],
      /--backend must be .*seal.*, not "gpu"/,
    ],
    ['another resolution', ['text', '--out', 'x.png', '--pixels', '5'], /--pixels must be 16, 8, 4, not "5"/],
    [
      'an unknown direction',
      ['text', '--out', 'x.png', '--style', 'gradient', '--direction', 'up'],
      /--direction must be horizontal, vertical, diagonal, not "up"/,
    ],
    [
      'a direction for a style without one',
      ['text', '--out', 'x.png', '--style', 'dots', '--direction', 'vertical'],
      /--direction is for .*gradient; dots has none/,
    ],
    ['no worker', ['text', '--out', 'x.png', '--workers', '0'], /--workers must be 1 to 32/],
    ['an empty number of workers', ['text', '--out', 'x.png', '--workers', ''], /--workers/],
    ['too many workers', ['text', '--out', 'x.png', '--workers', '33'], /--workers/],
    ['half a worker', ['text', '--out', 'x.png', '--workers', '1.5'], /--workers/],
    ['workers in words', ['text', '--out', 'x.png', '--workers', 'two'], /--workers/],
    ['two colours', ['text', '--out', 'x.png', '--colours', '#000000,#ffffff'], /--colours needs three/],
    ['colours by name', ['text', '--out', 'x.png', '--colours', 'red,green,blue'], /--colours needs three/],
    ['short colours', ['text', '--out', 'x.png', '--colours', '#000,#000,#fff'], /--colours needs three/],
  ])('%s', async (_, args, message) => {
    const error: unknown = await runStyle(args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('runStyle takes the text', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What becomes of a run with `text` as a file. Its length shows in the error of one that is too long. */
  async function outcome(text: string | Uint8Array, ...args: string[]): Promise<unknown> {
    const path = join(folder, 'message.txt');
    await writeFile(path, text);
    const run = runStyle(['--text-file', path, '--out', join(folder, 'a.png'), ...args]);
    return run.catch((error: unknown) => error);
  }

  it('from a file, when everything else is right, and says what is wrong with it', async () => {
    expect(await outcome('x'.repeat(5000))).toMatchObject({ code: 'payload-too-long' });
    expect(await outcome('x'.repeat(5000), '--ecc', 'X')).toMatchObject({
      message: expect.stringMatching(/--ecc/),
    });
    expect(await outcome('\n')).toMatchObject({ code: 'invalid-argument', message: 'The text is empty.' });
    expect(await outcome('')).toMatchObject({ message: expect.stringMatching(/message\.txt" is empty/) });
    expect(await outcome(Uint8Array.of(0xff))).toMatchObject({ message: expect.stringMatching(/not UTF-8/) });
    const own = ['--svg', join(folder, 'message.txt'), '--force'];
    expect(await outcome('x', ...own)).toMatchObject({
      message: expect.stringMatching(/overwrite --text-file/),
    });
    expect(await readdir(folder)).toEqual(['message.txt']);
  });

  it('and keeps the files that are there', async () => {
    await writeFile(join(folder, 'a.png'), 'old');
    expect(await outcome('x')).toMatchObject({ message: expect.stringMatching(/is there already/) });
    expect(await outcome('x'.repeat(5000), '--force')).toMatchObject({ code: 'payload-too-long' });
    expect(await readFile(join(folder, 'a.png'), 'utf8')).toBe('old');
  });
});

describe('runStyle refuses files before any work', () => {
  // A text that fails as soon as the work begins.
  const text = 'x'.repeat(5000);

  async function refusal(...args: string[]): Promise<string> {
    const error: unknown = await runStyle([text, ...args]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }

  it('that are one and the same, cannot be written, or are its own network', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
    try {
      const png = join(folder, 'a.png');
      expect(await refusal('--out', png, '--svg', png)).toBe(
        '--svg would overwrite --out, which is the same file.',
      );
      expect(await refusal('--out', png, '--svg', join(folder, 'none', 'a.svg'))).toMatch(
        /--svg .*no folder/,
      );
      expect(await refusal('--out', folder)).toMatch(/--out .*is a folder/);
      const network = modelPath('models/features-one.onnx');
      expect(await refusal('--style', 'dots', '--out', network)).toMatch(
        /overwrite the network of this style/,
      );
      // Nothing is wrong with these: the work begins.
      await expect(runStyle([text, '--out', png, '--svg', join(folder, 'a.svg')])).rejects.toMatchObject({
        code: 'payload-too-long',
      });
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
