// Every file that a command reads, in every way that it can be wrong: always words that name it, never an internal error.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../fixtures/styled-codes.ts';
import { SealedError } from '../src/base/errors.ts';
import { encodePng } from '../src/qr/png.ts';
import { emptyRaster } from '../src/base/raster.ts';
import { FileError } from './files.ts';
import { modelPath } from '../workers/platform/node-local-service.ts';
import { readModelArguments } from './model-arguments.ts';
import { runParamsCommand } from './params-command.ts';

const MODEL = modelPath('models/digits.onnx');
const INPUT = modelPath('models/digits-input.npy');

let folder: string;
let files: Record<string, string>;

/** Contents by a name for them. */
async function contents(): Promise<Record<string, Uint8Array | string>> {
  const random = seededRandom(1);
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);
  const onnx = new Uint8Array(await readFile(MODEL));
  const pt = new Uint8Array(await readFile(modelPath('models/digits.pt')));
  const npy = new Uint8Array(await readFile(INPUT));
  const png = encodePng(emptyRaster(9, 9));
  return {
    empty: '',
    words: 'not what you think',
    'half a JSON': '{"model": "a.onnx", "sets": [',
    'a JSON number': '5',
    'a JSON null': 'null',
    'an empty JSON object': '{}',
    'an empty JSON list': '[]',
    'uneven lists': '[[1, 2], [3]]',
    'lists without end': '['.repeat(5000) + ']'.repeat(5000),
    'UTF-16': Uint8Array.from(Buffer.from('\ufeff{"model": "a.onnx"}', 'utf16le')),
    noise: noise(3000),
    zip: Uint8Array.of(0x50, 0x4b, 3, 4, ...noise(500)),
    pickle: Uint8Array.of(0x80, 2, ...noise(500)),
    onnx,
    'half an onnx': onnx.subarray(0, onnx.length / 2),
    pt,
    'half a pt': pt.subarray(0, pt.length / 2),
    npy,
    'half a npy': npy.subarray(0, npy.length / 2),
    'a npy header': npy.subarray(0, 60),
    png,
    'half a png': png.subarray(0, png.length / 2),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
  files = { 'nothing at all': join(folder, 'none'), 'a folder': join(folder, 'folder') };
  // Inputs are told by their names' ends: each of the contents under each of them.
  for (const end of ['', '.npy', '.json', '.png', '.txt']) {
    await mkdir(join(folder, `folder${end}`));
    for (const [name, data] of Object.entries(await contents())) {
      const path = join(folder, name.replaceAll(' ', '-'));
      files[name] = path;
      await writeFile(`${path}${end}`, data);
    }
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** What came of reading `path`: nothing where it was taken, else the error, which must name it. */
async function wordsFor(path: string, read: Promise<unknown>): Promise<SealedError | undefined> {
  const error: unknown = await read.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  expect(error, path).toBeInstanceOf(SealedError);
  const { code, message } = error as SealedError;
  expect(message).not.toMatch(/unexpected|internal|undefined|NaN|Error:/i);
  // A network that is read well and cannot be run is no bad argument.
  if (code === 'unsupported-layer') return error as SealedError;
  expect(error, path).toBeInstanceOf(FileError);
  expect(message).toContain(JSON.stringify(path));
  return error as SealedError;
}

/** Tries all files, and tells which were taken. */
async function takenOf(end: string, read: (path: string) => Promise<unknown>): Promise<string[]> {
  const taken: string[] = [];
  for (const [name, path] of Object.entries(files)) {
    if (!(await wordsFor(`${path}${end}`, read(`${path}${end}`)))) taken.push(name);
  }
  return taken;
}

describe('a file that is not what it should be', () => {
  it.each(['plan', 'run'] as const)('is named by model %s: FILE', async (command) => {
    const rest = command === 'run' ? ['--input', INPUT] : [];
    const taken = await takenOf('', (path) => readModelArguments([path, ...rest], command));
    expect(taken).toEqual(command === 'run' ? ['onnx', 'pt'] : ['onnx']);
  });

  it.each(['--input', '--calibrate'])('is named by model run: %s', async (option) => {
    const rest = option === '--input' ? [] : ['--input', INPUT];
    const read = (path: string): Promise<unknown> =>
      readModelArguments([MODEL, ...rest, option, path], 'run');
    expect(await takenOf('.npy', read)).toEqual(['npy']);
    expect(await takenOf('.json', read)).toEqual([]);
    expect(await takenOf('.png', read)).toEqual([]);
    expect(await takenOf('.txt', read)).toEqual([]);
  });

  it('is named by model plan: --state-dict-layers', async () => {
    const read = (path: string): Promise<unknown> =>
      readModelArguments(
        [modelPath('models/digits.pt'), '--input-shape', '1,12,12', '--state-dict-layers', path],
        'plan',
      );
    // A list is read whether or not the model, which is whole, needs it; the ONNX model is one of the same network.
    expect(await takenOf('', read)).toEqual(['an empty JSON list', 'onnx']);
  });

  it('is named by params test: CONFIG.json', async () => {
    expect(await takenOf('', (path) => runParamsCommand(['test', path]))).toEqual([]);
  });

  it.each(['model', 'input'] as const)('is named by params test: the %s of its file', async (field) => {
    const config = join(folder, `${field}.json`);
    // A set that is refused at once: whatever is taken does not run long.
    const sets = [{ polyModulusDegree: 1024, coeffModulusBits: [60, 60] }];
    const read = async (path: string): Promise<void> => {
      await writeFile(config, JSON.stringify({ model: MODEL, input: INPUT, sets, [field]: path }));
      const printing = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      try {
        await runParamsCommand(['test', config, '--json']);
      } finally {
        printing.mockRestore();
      }
    };
    expect(await takenOf(field === 'input' ? '.npy' : '', read)).toEqual(
      field === 'input' ? ['npy'] : ['onnx', 'pt'],
    );
  });
});
