// The command line as a process: exit codes, what goes to which stream, and one real run under encryption.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTestScanners } from '../fixtures/scanners.ts';
import { decodePng } from '../src/qr/png.ts';
import { USAGE } from './usage.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sealed-qr` with `args`. */
function sealedQr(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('sealed-qr', () => {
  it('answers bad arguments with 2, the reason and the usage, and nothing on standard output', async () => {
    const outcomes = await Promise.all([
      sealedQr(),
      sealedQr('paint'),
      sealedQr('constructor'),
      sealedQr('style', '--out', 'x.png'),
      sealedQr('bench', 'everything'),
      sealedQr('bench', 'kernel', '--only', 'dreams'),
      sealedQr('bench', 'pool', '--pairs', '0'),
    ]);
    expect(outcomes.map(({ code, stdout }) => [code, stdout])).toEqual(outcomes.map(() => [2, '']));
    expect(outcomes.map(({ stderr }) => stderr)).toEqual([
      `A command is missing.\n\n${USAGE}\n`,
      `There is no command "paint".\n\n${USAGE}\n`,
      `There is no command "constructor".\n\n${USAGE}\n`,
      `The text to encode is missing.\n\n${USAGE}\n`,
      `Say which benchmark: kernel or pool.\n\n${USAGE}\n`,
      `--only takes operations, transform, plans, not "dreams".\n\n${USAGE}\n`,
      `--pairs must be 1 to 999.\n\n${USAGE}\n`,
    ]);
  });

  it('answers --help with the usage', async () => {
    expect(await sealedQr('--help')).toEqual({ code: 0, stdout: `${USAGE}\n`, stderr: '' });
  });

  it('answers what fails later with 1 and its code, and ends', async () => {
    const out = join(folder, 'none.png');
    const { code, stdout, stderr } = await sealedQr(
      'style',
      'x'.repeat(3000),
      '--out',
      out,
      '--workers',
      '1',
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^sealed-qr: .+ \(payload-too-long\)\n$/);
    expect(stderr).not.toMatch(/xxx/);
    await expect(readFile(out)).rejects.toThrow(/ENOENT/);
  });

  it('styles a code under encryption that reads back, and reports it as one object', async () => {
    const text = 'WIFI:T:WPA;S:Cabin \\"north\\";P:correct\\;horse;;';
    const [out, svg] = [join(folder, 'a.png'), join(folder, 'a.svg')];
    const args = [
      '--style',
      'gradient',
      '--workers',
      '1',
      '--ecc',
      'L',
      '--json',
      '--out',
      out,
      '--svg',
      svg,
    ];
    const { code, stdout, stderr } = await sealedQr('style', text, ...args);
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      payload: { bytes: text.length, version: 3, ecc: 'L', modules: 29 },
      style: 'gradient',
      pixelsPerModule: 8,
      backend: 'simd',
      parameters: { securityBits: 128 },
      scan: { zxing: true, zbar: true },
      files: [out, svg],
    });
    const { maxAbsError } = report['precision'] as { maxAbsError: number };
    expect(maxAbsError).toBeGreaterThan(0);
    expect(maxAbsError).toBeLessThan(0.01);
    const { request, response } = report['bytes'] as { request: number; response: number };
    expect(Math.min(request, response)).toBeGreaterThan(10_000);
    const scanners = await loadTestScanners();
    const picture = decodePng(await readFile(out));
    expect(await scanners.zxing(picture)).toBe(text);
    expect(await scanners.zbar(picture)).toBe(text);
    scanners.dispose();
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg|^<\?xml/);
  });

  it('prints benchmarks as one object', async () => {
    const kernel = await sealedQr('bench', 'kernel', '--only', 'operations', '--pairs', '1', '--json');
    expect([kernel.code, kernel.stderr]).toEqual([0, '']);
    const { cases } = JSON.parse(kernel.stdout) as { cases: Record<string, unknown>[] };
    for (const result of cases) {
      expect(Object.keys(result)).toEqual([
        'name',
        'polyModulusDegree',
        'primes',
        'sealMs',
        'simdMs',
        'ratio',
        'sealLeastMs',
        'simdLeastMs',
        'leastRatio',
      ]);
    }
    expect(cases.map(({ name }) => name)).toContain('rotate');
    const pool = await sealedQr('bench', 'pool', '--pairs', '1', '--json');
    expect([pool.code, pool.stderr]).toEqual([0, '']);
    const report = JSON.parse(pool.stdout) as Record<string, number>;
    expect(report).toMatchObject({ style: 'liquid', version: 10, pairs: 1 });
    expect(report.ratio).toBeCloseTo(report.oneWorkerMs / report.twoWorkersMs);
    expect(report.oneWorkerLeastMs).toBeGreaterThan(0);
    expect(report.leastRatio).toBeCloseTo(report.oneWorkerLeastMs / report.twoWorkersLeastMs);
  });
});
