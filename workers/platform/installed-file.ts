// The program's own files, and why the system does not give a file, in words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SealedError } from '../../src/base/errors.ts';

/** What the system says, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'part of its path is a file where a folder should be',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would become too large',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ETXTBSY: 'it is a program that is running',
  EMFILE: 'too many files are open',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

/** The system's name for an error. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown error';
}

/** Why a file cannot be used: what the system says, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return Object.hasOwn(REASONS, code) ? REASONS[code] : `the system says ${code}`;
}

/** A path as it is shown: in quotes, control characters escaped. */
export function shown(path: string): string {
  return JSON.stringify(path);
}

/** The bytes of a file that belongs to the program. @throws SealedError `load-failed` */
export function installedFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    const message = `The program's own file ${shown(path)} cannot be read: ${reasonOf(error)}. Install it again: npm ci.`;
    throw new SealedError('load-failed', message, { cause: error });
  }
}

/** The bytes of `path` in the package `name`, whose own exports may not name it. */
export function packageFile(name: string, path: string): Uint8Array<ArrayBuffer> {
  const entry = fileURLToPath(import.meta.resolve(name));
  const folder = join('node_modules', name);
  const root = entry.slice(0, entry.lastIndexOf(folder) + folder.length);
  return installedFile(join(root, path));
}

/** Where the file `path` of the program lies: in a checkout and in the built package alike. */
export function ownPath(path: string): string {
  return join(import.meta.dirname, '../..', path);
}
