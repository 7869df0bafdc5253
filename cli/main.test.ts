// The command line as a process: exit codes, what goes to which stream, and one real run under encryption.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTestScanners } from '../fixtures/scanners.ts';
import { decodePng } from '../src/qr/png.ts';
import { modelPath } from '../workers/platform/node-local-service.ts';
import type { ClientBenchReport } from '../bench/client-bench.ts';
import { usageOf } from './usage.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sealed-qr` with `args`. */
function sealedQr(...args: string[]): Promise<Outcome> {
  return sealedQrReading('', ...args);
}

/** Runs `sealed-qr` with `args` and `input` on its standard input. */
function sealedQrReading(input: string | Uint8Array, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
    child.stdin!.end(input);
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('sealed-qr', () => {
  it('answers bad arguments with 2, how it is called, and last the reason; nothing on standard output', async () => {
    const COMMANDS = /^sealed-qr [a-z|]*\bstyle\b[a-z|]* …\n/;
    const cases: [string[], RegExp, string][] = [
      [[], COMMANDS, 'A command is missing.'],
      [['paint'], COMMANDS, 'There is no command "paint".'],
      [['stlye', 'x'], COMMANDS, 'There is no command "stlye". Did you mean "style"?'],
      [['--versoin'], COMMANDS, 'There is no option "--versoin". Did you mean "--version"?'],
      [['style', '--out', 'x.png'], /^sealed-qr style "/, 'The text to encode is missing.'],
      [
        ['style', 'text', '--colors', '#000000'],
        /^sealed-qr style "/,
        'There is no option "--colors". Did you mean "--colours"?',
      ],
      [
        ['style', '-5 °C'],
        /^sealed-qr style "/,
        'There is no option "-5". What begins with "-" and is no option goes after "--".',
      ],
      [
        ['bench', 'kernel', '--only', 'dreams'],
        /^sealed-qr bench/,
        '--only must be operations, transform, plans, not "dreams".',
      ],
      [
        ['bench', 'pool', '--pair', '1'],
        /^sealed-qr bench/,
        'There is no option "--pair". Did you mean "--pairs"?',
      ],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => sealedQr(...args)));
    for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
      const [, call, reason] = cases[index];
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(call);
      expect(stderr.split('\n').slice(-3)).toEqual(['', reason, '']);
      expect(stderr.split('\n').length).toBeLessThanOrEqual(7);
    }
  });

  it('answers --help with the usage wherever it stands, but in a text, and --version with the version', async () => {
    const whole = usageOf(undefined);
    for (const args of [['--help'], ['-h']]) {
      expect(await sealedQr(...args)).toEqual({ code: 0, stdout: `${whole}\n`, stderr: '' });
    }
    for (const args of [
      ['style', '--help'],
      ['model', 'plan', '--help'],
      ['params', '-h'],
    ]) {
      const { stdout } = await sealedQr(...args);
      expect(stdout).toBe(`${usageOf(args[0])}\n`);
      expect(stdout).toMatch(new RegExp(`^sealed-qr ${args[0]} `));
      expect(stdout.match(/^sealed-qr (\w+)/gm)?.every((call) => call === `sealed-qr ${args[0]}`)).toBe(true);
      expect(whole).toContain(stdout.split('\n\n')[0]);
    }
    expect((await sealedQr('style', '--', '--help')).stderr).toMatch(/--out FILE\.png is missing\.\n$/);
    const { version } = JSON.parse(
      await readFile(new URL('../package.json', import.meta.url), 'utf8'),
    ) as Record<string, string>;
    expect(await sealedQr('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('answers files that are missing, or not what they should be, with 2 and their names', async () => {
    const none = join(folder, 'none');
    const words = join(folder, 'words');
    await writeFile(words, 'words');
    const image = join(folder, 'one.png');
    const missing = (what: string, path: string): string =>
      `${what} ${JSON.stringify(path)} cannot be read: there is no such file.`;
    const digits = modelPath('models/digits.onnx');
    const cases: [string[], string][] = [
      [['model', 'plan', none], missing('The model', none)],
      [['model', 'run', digits, '--input', none], missing('The input', none)],
      [['model', 'plan', folder], `The model ${JSON.stringify(folder)} cannot be read: it is a folder.`],
      [['model', 'plan', words], `"${words}": words: The file is not an ONNX model, or is damaged.`],
      [['params', 'test', none], missing('The configuration', none)],
      [['params', 'test', words], `"${words}": The configuration is no valid JSON.`],
      [['model', 'plan', digits, '--layers', '3-77'], 'There are no layers 3–77'],
      [
        ['style', 'text', '--out', image, '--svg', join(folder, '.', 'one.png')],
        '--svg would overwrite --out, which is the same file.',
      ],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => sealedQr(...args)));
    for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
      const [, message] = cases[index];
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^sealed-qr: .+ \((invalid-argument|malformed-model)\)\n$/);
      expect(stderr).toContain(message);
    }
    await expect(readFile(image)).rejects.toThrow(/ENOENT/);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'answers a disk that is full with 1 and words (where /dev/full plays one)',
    async () => {
      const { code, stdout, stderr } = await sealedQr(
        'style',
        'text',
        '--out',
        '/dev/full',
        '--backend',
        'clear',
        '--workers',
        '1',
      );
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toBe(
        'sealed-qr: --out "/dev/full" could not be written: the disk is full. (write-failed)\n',
      );
    },
  );

  it('answers standard input that is no text with 2, and its words', async () => {
    const out = join(folder, 'latin.png');
    for (const source of [['-'], ['--text-file', '-']]) {
      const { code, stdout, stderr } = await sealedQrReading(
        Uint8Array.of(0x4d, 0xfc),
        'style',
        ...source,
        '--out',
        out,
      );
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toBe(
        'sealed-qr: Standard input is not UTF-8: save it as UTF-8 and try again. (invalid-argument)\n',
      );
    }
    await expect(readFile(out)).rejects.toThrow(/ENOENT/);
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
    // Not as an argument, which every user of the machine could read.
    const { code, stdout, stderr } = await sealedQrReading(`${text}\n`, 'style', '-', ...args);
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

  it('prints a benchmark as one object', { tags: ['long'] }, async () => {
    const kernel = await sealedQr('bench', 'kernel', '--only', 'transform', '--pairs', '1', '--json');
    expect([kernel.code, kernel.stderr]).toEqual([0, '']);
    const { cases } = JSON.parse(kernel.stdout) as { cases: Record<string, unknown>[] };
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.every((result) => typeof result['name'] === 'string')).toBe(true);
  });

  it('prints the other benchmarks as one object each', { tags: ['long'] }, async () => {
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
    const client = await sealedQr('bench', 'client', '--pairs', '1', '--json');
    expect([client.code, client.stderr]).toEqual([0, '']);
    const { blakeLeastMs, blakeShare, ...times } = JSON.parse(client.stdout) as ClientBenchReport;
    expect(times.cases.map(({ name: title }) => title)).toContain('relinearisation key');
    expect(blakeShare).toBeGreaterThan(0);
    expect(blakeLeastMs).toBeGreaterThan(0);
    const pool = await sealedQr('bench', 'pool', '--pairs', '1', '--json');
    expect([pool.code, pool.stderr]).toEqual([0, '']);
    const report = JSON.parse(pool.stdout) as Record<string, number>;
    expect(report).toMatchObject({ style: 'liquid', version: 10, pairs: 1 });
    expect(report.ratio).toBeCloseTo(report.oneWorkerMs / report.twoWorkersMs);
    expect(report.oneWorkerLeastMs).toBeGreaterThan(0);
    expect(report.leastRatio).toBeCloseTo(report.oneWorkerLeastMs / report.twoWorkersLeastMs);
  });
});
