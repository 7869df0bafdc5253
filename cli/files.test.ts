// Files on the command line: what is wrong with one is said in words, and nothing is lost or left behind.
import { existsSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SealedError } from '../src/base/errors.ts';
import {
  checkOutputs,
  FileError,
  parsed,
  readBytes,
  readStandardInput,
  readText,
  writeOutput,
} from './files.ts';
import { installedFile } from '../workers/platform/installed-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-qr-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (...parts: string[]): string => join(folder, ...parts);

/** Runs `call` as someone whom permissions bind: they do not bind root. */
async function withoutPrivileges<T>(call: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid!(65_534);
  try {
    return await call();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  return (error as FileError).message;
}

describe('reading', () => {
  it('gives bytes, and text without its byte order mark', async () => {
    await writeFile(at('text'), '\ufeff{"a":"ä"}');
    expect((await readBytes('The text', at('text'))).length).toBe(13);
    expect(await readText('The text', at('text'))).toBe('{"a":"ä"}');
  });

  it('takes text as UTF-8 alone, from a file and from standard input', async () => {
    const latin = Uint8Array.of(0x4d, 0xfc, 0x6c, 0x6c);
    await writeFile(at('latin'), latin);
    const advice = 'is not UTF-8: save it as UTF-8 and try again.';
    expect(await refusal(readText('The text', at('latin')))).toBe(`The text "${at('latin')}" ${advice}`);
    async function* input(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
      for (const part of parts) yield Promise.resolve(part);
    }
    expect(await refusal(readStandardInput(input(latin)))).toBe(`Standard input ${advice}`);
    expect(await refusal(readStandardInput(input()))).toBe('Standard input is empty.');
    const endless = Array<Uint8Array>(20).fill(new Uint8Array(1 << 16));
    expect(await refusal(readStandardInput(input(...endless)))).toMatch(/longer than 1 MiB/);
    // A letter may be cut in two by how it arrives.
    const bytes = new TextEncoder().encode('\ufeffGrüße');
    expect(await readStandardInput(input(bytes.slice(0, 6), bytes.slice(6)))).toBe('Grüße');
  });

  it('says in words why a file cannot be read', async () => {
    await mkdir(at('folder'));
    await writeFile(at('empty'), '');
    await symlink('loop', at('loop'));
    const missing = at('none\u001b[31m');
    expect(await refusal(readBytes('The model', missing))).toBe(
      `The model ${JSON.stringify(missing)} cannot be read: there is no such file.`,
    );
    const reasons = await Promise.all(
      [at('folder'), at('empty'), at('empty', 'x'), at('loop'), at('n'.repeat(300)), 'nul\0l', ''].map(
        async (path) => (await refusal(readBytes('It', path))).replace(JSON.stringify(path), '…'),
      ),
    );
    expect(reasons).toEqual([
      'It … cannot be read: it is a folder.',
      'It … is empty.',
      'It … cannot be read: part of its path is a file where a folder should be.',
      'It … cannot be read: its symbolic links lead in a circle.',
      'It … cannot be read: its name is too long.',
      'It … cannot be read: the system says ERR_INVALID_ARG_VALUE.',
      'It … cannot be read: there is no such file.',
    ]);
  });

  it.skipIf(!process.seteuid)('says that permission is denied (where there are permissions)', async () => {
    await writeFile(at('locked'), 'x');
    await chmod(at('locked'), 0);
    await chmod(folder, 0o755);
    expect(await withoutPrivileges(() => refusal(readBytes('The input', at('locked'))))).toBe(
      `The input "${at('locked')}" cannot be read: permission is denied.`,
    );
  });

  it('names the file whose contents are wrong, and hides no fault of ours', () => {
    const wrong = (): never => {
      throw new SealedError('malformed-model', 'This is no array.');
    };
    let thrown: unknown;
    try {
      parsed('a.npy', wrong);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(FileError);
    expect(thrown).toMatchObject({ code: 'malformed-model', message: '"a.npy": This is no array.' });
    const unsupported = new SealedError('unsupported-layer', 'No such layer.');
    for (const error of [unsupported, new TypeError('ours')]) {
      expect(() =>
        parsed('a.npy', () => {
          throw error;
        }),
      ).toThrow(error);
    }
    expect(parsed('a.npy', () => 5)).toBe(5);
  });

  it('says what to do where a file of the program is missing', () => {
    expect(() => installedFile(at('kernel.wasm'))).toThrow(
      expect.objectContaining({ code: 'load-failed', message: expect.stringMatching(/npm ci/) as string }),
    );
  });
});

describe('outputs', () => {
  let place: string;
  let count = 0;
  beforeEach(async () => {
    count += 1;
    place = at(`outputs ${count}`);
    await mkdir(place);
    // Names in the messages are easier to read than paths.
    process.chdir(place);
  });
  afterAll(() => process.chdir(tmpdir()));

  const out = (path: string) => ({ name: '--out', path });
  const svg = (path: string) => ({ name: '--svg', path });

  it('pass where they are different files, and leave nothing behind and what was there alone', async () => {
    await writeFile('old.png', 'old');
    const before = await stat('old.png');
    const inputs = [{ name: 'the input', path: 'none.npy' }];
    await checkOutputs([out('old.png'), svg('new.svg')], inputs, { replace: true });
    expect(await readdir('.')).toEqual(['old.png']);
    expect(await readFile('old.png', 'utf8')).toBe('old');
    expect((await stat('old.png')).mtimeMs).toBe(before.mtimeMs);
  });

  it.each([
    ['under one name', 'a.png', 'a.png'],
    ['through ./', 'a.png', './a.png'],
    ['through a folder and back', 'a.png', 'folder/../a.png'],
    ['by its full path', 'a.png', '$PWD/a.png'],
    ['through a link to its folder', 'folder/a.png', 'linked folder/a.png'],
    ['through a link to nothing', 'nothing', 'link to nothing'],
    ['through a symbolic link', 'old.png', 'link to old'],
    ['through a hard link', 'old.png', 'second name of old'],
  ])('are refused where they are one file, named %s', async (_, first, second) => {
    await mkdir('folder');
    await writeFile('old.png', 'old');
    await symlink('folder', 'linked folder');
    await symlink('nothing', 'link to nothing');
    await symlink('old.png', 'link to old');
    await link('old.png', 'second name of old');
    const before = await readdir('.', { recursive: true });
    const other = second.replace('$PWD', place);
    const message = await refusal(checkOutputs([out(first), svg(other)]));
    expect(message).toMatch(/^--svg would overwrite --out, which is the same file/);
    if (first !== other) expect(message).toContain(JSON.stringify(other));
    expect(await readdir('.', { recursive: true })).toEqual(before);
    expect(await readFile('old.png', 'utf8')).toBe('old');
    await checkOutputs([out(first), svg('another.svg')], [], { replace: true });
    expect(await readdir('.', { recursive: true })).toEqual(before);
  });

  it('are refused where they differ in letter case and the disk does not (tried where it does not)', async () => {
    await writeFile('a.png', '');
    const isOneFile = existsSync('A.PNG');
    const check = checkOutputs([out('a.png'), svg('A.PNG')], [], { replace: true });
    if (isOneFile) expect(await refusal(check)).toMatch(/the same file/);
    else await expect(check).resolves.toBeUndefined();
  });

  it('are refused where they are an input', async () => {
    await writeFile('input.npy', 'numbers');
    await link('input.npy', 'other name');
    const inputs = [{ name: 'the input', path: 'input.npy' }];
    for (const path of ['input.npy', './input.npy', 'other name']) {
      expect(await refusal(checkOutputs([out(path)], inputs))).toMatch(/^--out would overwrite the input/);
    }
    expect(await readFile('input.npy', 'utf8')).toBe('numbers');
  });

  it('are refused in words where they cannot be written', async () => {
    await mkdir('folder');
    await writeFile('file', '');
    await symlink('loop', 'loop');
    const reasons = await Promise.all(
      ['folder', 'folder/', 'none/a.png', 'file/a.png', 'loop', 'n'.repeat(300), ''].map(
        async (path) => await refusal(checkOutputs([out(path)])),
      ),
    );
    expect(reasons).toEqual([
      '--out "folder" is a folder: name a file in it.',
      '--out "folder/" is a folder: name a file in it.',
      '--out "none/a.png" cannot be written: there is no folder "none".',
      '--out "file/a.png" cannot be written: part of its path is a file where a folder should be.',
      '--out "loop" cannot be written: its symbolic links lead in a circle.',
      `--out "${'n'.repeat(300)}" cannot be written: its name is too long.`,
      '--out has no file name.',
    ]);
    expect((await readdir('.')).sort()).toEqual(['file', 'folder', 'loop']);
  });

  it.skipIf(!process.seteuid)(
    'are refused without permission to write them (where there are permissions)',
    async () => {
      await mkdir('locked');
      await writeFile('read-only.png', 'old');
      await chmod('locked', 0o555);
      await chmod('read-only.png', 0o444);
      for (const parent of [folder, place]) await chmod(parent, 0o755);
      for (const path of ['locked/a.png', 'read-only.png']) {
        expect(await withoutPrivileges(() => refusal(checkOutputs([out(path)])))).toBe(
          `--out "${path}" cannot be written: permission is denied.`,
        );
      }
      expect(await readdir('locked')).toEqual([]);
    },
  );

  it('that are there already are kept, unless they may be replaced', async () => {
    await writeFile('old.png', 'old');
    await symlink('old.png', 'link to old');
    for (const path of ['old.png', './old.png', 'link to old']) {
      const message = `--out "${path}" is there already. Name another file, or say --force.`;
      expect(await refusal(checkOutputs([svg('new.svg'), out(path)]))).toBe(message);
      await expect(checkOutputs([out(path)], [], { replace: true })).resolves.toBeUndefined();
    }
    expect(await readFile('old.png', 'utf8')).toBe('old');
    expect((await readdir('.')).sort()).toEqual(['link to old', 'old.png']);
  });

  it('are written whole or not at all, beside their place first, and keep their mode and the links to them', async () => {
    await writeFile('old.png', 'old');
    await chmod('old.png', 0o600);
    await symlink('old.png', 'link to old');
    const before = await stat('old.png');
    await writeOutput(out('link to old'), 'new');
    await writeOutput(svg('new.svg'), 'svg');
    expect(await readFile('old.png', 'utf8')).toBe('new');
    const after = await stat('old.png');
    expect([after.mode, after.ino !== before.ino]).toEqual([before.mode, true]);
    expect((await readdir('.')).sort()).toEqual(['link to old', 'new.svg', 'old.png']);
    // A folder in the place of the file: the last step fails, and nothing is left behind.
    await mkdir('a.png');
    await expect(writeOutput(out('a.png'), 'x')).rejects.toMatchObject({ code: 'write-failed' });
    expect((await readdir('.')).sort()).toEqual(['a.png', 'link to old', 'new.svg', 'old.png']);
  });

  it.skipIf(!process.seteuid)('are refused where no file can be made beside them', async () => {
    await mkdir('locked');
    await writeFile('locked/old.png', 'old');
    await chmod('locked/old.png', 0o666);
    await chmod('locked', 0o555);
    for (const parent of [folder, place]) await chmod(parent, 0o755);
    const check = (): Promise<void> => checkOutputs([out('locked/old.png')], [], { replace: true });
    expect(await withoutPrivileges(() => refusal(check()))).toBe(
      '--out "locked/old.png" cannot be written: permission is denied.',
    );
    expect(await readdir('locked')).toEqual(['old.png']);
  });

  it('that fail in the end say why', async () => {
    await expect(writeOutput(out('none/a.png'), 'x')).rejects.toMatchObject({
      code: 'write-failed',
      stage: 'export',
      message: '--out "none/a.png" could not be written: there is no such file.',
    });
  });
});
