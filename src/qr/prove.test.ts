// Tests of the proof: styled pictures of every kind read, and what does not read is never called proven.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTestScanners } from '../../fixtures/scanners.ts';
import { drawTestStyle, seededRandom, TEST_SHAPES } from '../../fixtures/styled-codes.ts';
import type { TestStyle } from '../../fixtures/styled-codes.ts';
import { ERROR_CORRECTION_LEVELS } from './capacity.ts';
import { createCorrector, type CorrectionInput } from './correct.ts';
import { luma } from '../base/luma.ts';
import { encodeQr } from './matrix.ts';
import { buildPayload } from './payload.ts';
import { encodePng } from './png.ts';
import { correctAndProve, exportGeometry } from './prove.ts';
import type { Proof } from './prove.ts';
import { drawPlain, filledRaster } from '../../fixtures/plain-code.ts';
import type { Rgb } from '../base/raster.ts';
import type { Scanners } from './scan.ts';

let scanners: Scanners;
beforeAll(async () => {
  scanners = await loadTestScanners();
});
afterAll(() => {
  scanners.dispose();
});

/** A random colour with luma between `darkest` and `lightest`. */
function randomColour(random: () => number, darkest: number, lightest: number): Rgb {
  for (;;) {
    const colour: Rgb = [random() * 256, random() * 256, random() * 256].map(Math.floor) as unknown as Rgb;
    if (luma(...colour) >= darkest && luma(...colour) <= lightest) return colour;
  }
}

const word = (random: () => number, alphabet: string, length: number): string => {
  const letters = [...alphabet];
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join('');
};

/** A payload of each kind, about `length` characters. */
const PAYLOADS: readonly ((random: () => number, length: number) => string)[] = [
  (random, length) =>
    buildPayload({ kind: 'url', url: `example.org/${word(random, 'abcdefghABC0123-_', length)}` }),
  (random) =>
    buildPayload({
      kind: 'wifi',
      ssid: word(random, 'abc "é:', 8),
      password: word(random, 'abcdefgh;\\,:"01', 14),
      security: 'WPA',
    }),
  (random, length) => word(random, '😀🎉🔒éΩЖ日 a', length),
  (random, length) => word(random, '0123456789', 2 * length),
];

interface Case {
  readonly name: string;
  readonly text: string;
  readonly input: CorrectionInput;
}

/** The `index`-th of an endless, repeatable series of styled codes, versions 1 to about 12. */
function styledCase(index: number): Case {
  const random = seededRandom(1000 + index);
  const ecc = ERROR_CORRECTION_LEVELS[index % 4];
  const shape = TEST_SHAPES[index % 3];
  const text = PAYLOADS[Math.floor(index / 4) % 4](random, 1 + Math.floor(random() ** 2 * 90));
  const code = encodeQr(text, { ecc });
  const style: TestStyle = {
    shape,
    from: randomColour(random, 0, 130),
    to: randomColour(random, 0, 130),
    background: randomColour(random, 150, 255),
    noise: 0.05,
  };
  const input = drawTestStyle(code, 8, style, random);
  return { name: `case ${index}: version ${code.version}-${ecc}, ${shape}`, text, input };
}

describe('correctAndProve', () => {
  it('proves styled codes of all shapes, levels, kinds of payload and colours', async () => {
    for (let index = 0; index < 12; index++) {
      const { name, text, input } = styledCase(index);
      const proof = await correctAndProve({ ...input, text, scanners });
      expect(proof.scan, name).toEqual({ zxing: true, zbar: true });
      expect(proof.proven, name).toBe(true);
      expect(await scanners.zxing(proof.raster), name).toBe(text);
      expect(await scanners.zbar(proof.raster), name).toBe(text);
      expect(proof.border).toBeGreaterThanOrEqual(4 * proof.pixelsPerModule);
      expect(proof.changedPixels > 0).toBe(!proof.untouched);
    }
  });

  it('hands out as drawn what reads as drawn, and nothing that reads but has little contrast', async () => {
    const { text, input } = styledCase(0);
    const inTones = (from: Rgb, background: Rgb): CorrectionInput => {
      const style: TestStyle = { shape: 'liquid', from, to: from, background, noise: 0 };
      return drawTestStyle(input.code, 8, style, seededRandom(1));
    };
    const strong = await correctAndProve({ ...inTones([30, 20, 90], [250, 245, 240]), text, scanners });
    expect(strong).toMatchObject({ proven: true, untouched: true, strength: 0, changedPixels: 0 });
    const weak = await correctAndProve({ ...inTones([120, 120, 160], [170, 190, 170]), text, scanners });
    expect(weak).toMatchObject({ proven: true, untouched: false, readBefore: { zxing: true, zbar: true } });
  });

  it('proves large versions, and small modules by enlarging them', async () => {
    for (const [version, pixelsPerModule] of [
      [20, 8],
      [12, 4],
      [3, 5],
    ] as const) {
      const random = seededRandom(version);
      const text = word(random, 'abcdefgh', 20);
      const style: TestStyle = {
        shape: 'liquid',
        from: [30, 20, 120],
        to: [130, 10, 60],
        background: [240, 225, 205],
        noise: 0.05,
      };
      const input = drawTestStyle(encodeQr(text, { version }), pixelsPerModule, style, random);
      const proof = await correctAndProve({ ...input, text, scanners });
      expect(proof.proven, `version ${version}`).toBe(true);
      expect(proof.pixelsPerModule).toBe(exportGeometry(pixelsPerModule).modulePixels);
      expect(proof.raster.width).toBe((17 + 4 * version) * proof.pixelsPerModule + 2 * proof.border);
    }
  });

  // Debian package zbar-tools; no dependency of the project.
  const zbarimg = 'zbarimg';
  it.skipIf(spawnSync(zbarimg, ['--version']).status !== 0)(
    'writes PNG files that zbarimg reads (skipped where zbar-tools is missing)',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sealed-qr-'));
      try {
        for (const index of [2, 5, 8, 12]) {
          const { name, text, input } = styledCase(index);
          const file = join(folder, `${index}.png`);
          writeFileSync(file, encodePng((await correctAndProve({ ...input, text, scanners })).raster));
          const read = execFileSync(zbarimg, ['-q', '--raw', '--oneshot', '-Sbinary', file], {
            stdio: ['ignore', 'pipe', 'ignore'],
          });
          expect(read.toString('utf8'), name).toBe(text);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('takes the smallest strength that leaves a margin', async () => {
    const { text, input } = styledCase(0);
    // A reader that fails up to one strength. Each begins with a scan at export size; the first is the uncorrected.
    const at = async (lastFailing: number): Promise<Proof> => {
      let scans = 0;
      const counting = {
        zxing: (raster: { width: number }) => {
          if (raster.width === exportWidth) scans++;
          return Promise.resolve(scans - before <= lastFailing ? null : text);
        },
        zbar: () => Promise.resolve(text),
      };
      return correctAndProve({ ...input, text, scanners: counting });
    };
    const exportWidth = input.picture.width + 2 * exportGeometry(8).border;
    // Scans before that of strength 0: the first, and the trial of the picture as drawn.
    const before = createCorrector(input).hasContrast() ? 3 : 2;
    expect((await at(-1)).strength).toBe(0);
    expect((await at(0)).strength).toBe(1 / 8);
    expect((await at(2)).strength).toBe(3 / 8);
    // Step 6 is the last with two neighbours above it.
    expect(await at(5)).toMatchObject({ strength: 6 / 8, proven: true });
    expect(await at(6)).toMatchObject({ strength: 1, proven: false, scan: { zxing: false, zbar: true } });
  });

  it('never calls a broken code proven', async () => {
    const { text, input } = styledCase(1);
    const random = seededRandom(7);
    const dark = input.code.dark.map((module, index) =>
      input.code.functionModules[index] === 0 && random() < 0.5 ? 1 - module : module,
    );
    const proof = await correctAndProve({ ...input, code: { ...input.code, dark }, text, scanners });
    expect(proof.proven).toBe(false);
    expect(proof.scan).toEqual({ zxing: false, zbar: false });
  });

  it('never calls a code proven that says something else', async () => {
    const { text, input } = styledCase(2);
    const proof = await correctAndProve({ ...input, text: `${text} `, scanners });
    expect(proof).toMatchObject({ proven: false, readBefore: { zxing: false, zbar: false } });
  });

  it('reports whether the picture read before, per decoder', async () => {
    const { text, input } = styledCase(0);
    const clear = drawPlain(input.code, 8, 0);
    const foreground = (): Rgb => [0, 0, 0];
    const background: Rgb = [255, 255, 255];
    const good = await correctAndProve({
      ...input,
      picture: clear,
      foreground,
      light: () => background,
      text,
      scanners,
    });
    expect(good).toMatchObject({ readBefore: { zxing: true, zbar: true }, changedPixels: 0, meanDeltaE: 0 });
    const blank = filledRaster(clear.width, clear.height, background);
    const drawn = await correctAndProve({
      ...input,
      picture: blank,
      foreground,
      light: () => background,
      text,
      scanners,
    });
    expect(drawn.readBefore).toEqual({ zxing: false, zbar: false });
  });

  it('reports progress that never falls and ends at 1', async () => {
    const { text, input } = styledCase(3);
    const shares: number[] = [];
    await correctAndProve({ ...input, text, scanners, onProgress: (share) => shares.push(share) });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('stops when asked to', async () => {
    const { text, input } = styledCase(3);
    const controller = new AbortController();
    const stopped = correctAndProve({
      ...input,
      text,
      scanners,
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'SealedError', code: 'aborted' });
    const before = correctAndProve({ ...input, text, scanners, signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('exportGeometry', () => {
  it('keeps modules off the blocks of zxing and the quiet zone at four modules or more', () => {
    expect(exportGeometry(8)).toEqual({ scale: 1, modulePixels: 8, border: 36 });
    expect(exportGeometry(4)).toEqual({ scale: 2, modulePixels: 8, border: 36 });
    expect(exportGeometry(3)).toEqual({ scale: 3, modulePixels: 9, border: 36 });
    expect(exportGeometry(10)).toEqual({ scale: 1, modulePixels: 10, border: 40 });
  });
});
