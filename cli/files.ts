// Files that are named on the command line: what keeps one from being read or written is said in words, before any work.
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ErrorCode, SealedError } from '../src/base/errors.ts';
import { codeOf, reasonOf, shown } from '../workers/platform/installed-file.ts';

/** A file that cannot be used for what it was named for: a bad argument, though no usage would help. */
export class FileError extends SealedError {
  constructor(message: string, cause?: unknown, code: ErrorCode = 'invalid-argument') {
    super(code, message, { stage: 'input', cause });
  }
}

/**
 * The bytes of `path`.
 * @param what the file is, as a sentence begins: "The model"
 * @throws FileError where it cannot be read, or is empty
 */
export async function readBytes(what: string, path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (error) {
    throw new FileError(`${what} ${shown(path)} cannot be read: ${reasonOf(error)}.`, error);
  }
  if (bytes.length === 0) throw new FileError(`${what} ${shown(path)} is empty.`);
  return bytes;
}

/** `bytes` as UTF-8, with or without a byte order mark. @param name of whence they are @throws FileError where they are none */
function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileError(`${name} is not UTF-8: save it as UTF-8 and try again.`, error);
  }
}

/** The text of `path`, UTF-8 with or without a byte order mark. @throws FileError as {@link readBytes}, or where it is no text */
export async function readText(what: string, path: string): Promise<string> {
  return decodeText(`${what} ${shown(path)}`, await readBytes(what, path));
}

/** More than any text that a command takes. */
const MOST_INPUT_BYTES = 2 ** 20;

/** The text on standard input, as {@link readText} reads a file's. @throws FileError where it is empty, no text or without end */
export async function readStandardInput(input: AsyncIterable<Uint8Array> = process.stdin): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of input) {
    parts.push(part);
    length += part.length;
    if (length > MOST_INPUT_BYTES)
      throw new FileError('Standard input is longer than 1 MiB: that is no text.');
  }
  if (length === 0) throw new FileError('Standard input is empty.');
  return decodeText('Standard input', Buffer.concat(parts));
}

/**
 * What `read` makes of the contents of `path`.
 * @throws FileError naming the file, where it is not what it should be; whatever else `read` throws
 */
export function parsed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SealedError && ['malformed-model', 'invalid-argument'].includes(error.code)) {
      throw new FileError(`${shown(path)}: ${error.message}`, error, error.code);
    }
    throw error;
  }
}

/** A file that a command reads or writes, and what it is called: "--out". */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Checks, before any work, that each of `outputs` can be written, that none is there already unless it may be replaced, and
 * that no two of them, nor one of them and one of `inputs`, are the same file under whatever names: links, letter case and
 * `./` included. Files that are there stay as they are; none is left behind.
 * @throws FileError for the first that is wrong
 */
export async function checkOutputs(
  outputs: readonly NamedFile[],
  inputs: readonly NamedFile[] = [],
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> {
  const made: string[] = [];
  try {
    const taken: (NamedFile & { readonly id: string })[] = [];
    for (const input of inputs) {
      const id = await idOf(input.path);
      if (id !== undefined) taken.push({ ...input, id });
    }
    for (const output of outputs) {
      const id = await idOfOutput(output, made);
      const other = taken.find((file) => file.id === id);
      if (other) {
        const files = output.path === other.path ? '' : `: ${shown(output.path)} and ${shown(other.path)}`;
        throw new FileError(`${output.name} would overwrite ${other.name}, which is the same file${files}.`);
      }
      taken.push({ ...output, id });
    }
    for (const { name, path } of replace ? [] : outputs) {
      const isThere = !made.includes(await realpath(path)) && (await stat(path)).isFile();
      if (isThere)
        throw new FileError(`${name} ${shown(path)} is there already. Name another file, or say --force.`);
    }
  } finally {
    for (const path of made) await rm(path, { force: true });
  }
}

/** What tells the file at `path` from all others; undefined where there is none. */
async function idOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Where the file at `place` is made before it takes its place. */
function draftOf(place: string): string {
  return join(dirname(place), `.${basename(place).slice(0, 60)}.${process.pid}.part`);
}

/** As {@link idOf} for a file to be written, which is made where there is none, and then named in `made`. */
async function idOfOutput({ name, path }: NamedFile, made: string[]): Promise<string> {
  if (path === '') throw new FileError(`${name} has no file name.`);
  try {
    const there = await stat(path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    if (there?.isDirectory()) throw new FileError(`${name} ${shown(path)} is a folder: name a file in it.`);
    // A pipe or a device may lose something by being opened twice.
    if (!there || there.isFile()) {
      let handle: FileHandle;
      if (there) {
        handle = await open(path, constants.O_WRONLY);
        await handle.close();
        // The new file is made beside it.
        const draft = draftOf(await realpath(path));
        if (!made.includes(draft)) {
          handle = await open(draft, 'wx');
          made.push(draft);
          await handle.close();
        }
      } else {
        handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
        made.push(await realpath(path));
        await handle.close();
      }
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    const reason =
      codeOf(error) === 'ENOENT' ? `there is no folder ${shown(dirname(path))}` : reasonOf(error);
    throw new FileError(`${name} ${shown(path)} cannot be written: ${reason}.`, error);
  }
  return (await idOf(path)) ?? path;
}

/**
 * Writes a file that {@link checkOutputs} has let pass: beside its place, and then to it in one step, so that nobody sees half
 * of it and what was there stays until the new one is whole. A pipe or a device is written to as it is.
 * @throws SealedError `write-failed` where it fails all the same
 */
export async function writeOutput({ name, path }: NamedFile, contents: Uint8Array | string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there && !there.isFile()) {
      await writeFile(path, contents);
      return;
    }
    // What a link leads to is replaced, and not the link.
    const place = there ? await realpath(path) : path;
    const draft = draftOf(place);
    try {
      await writeFile(draft, contents, { flag: 'wx', ...(there && { mode: there.mode & 0o777 }) });
      await rename(draft, place);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  } catch (error) {
    const message = `${name} ${shown(path)} could not be written: ${reasonOf(error)}.`;
    throw new SealedError('write-failed', message, { stage: 'export', cause: error });
  }
}
