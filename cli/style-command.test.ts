// Arguments of `sealed-qr style`: each mistake is named before anything starts.
import { describe, expect, it } from 'vitest';
import { runStyle } from './style-command.ts';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError } from './files.ts';
import { modelPath } from '../workers/platform/node-local-service.ts';
import { UsageError } from './usage.ts';

describe('runStyle refuses', () => {
  it.each<[string, string[], RegExp]>([
    ['no text', ['--out', 'x.png'], /text to encode is missing/],
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
    ['another resolution', ['text', '--out', 'x.png', '--pixels', '5'], /--pixels must be 8, 4, not "5"/],
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
