// Lists the product's own source files, for the tests that read the source as text.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { root } from './gates.ts';

/** A source file: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Every `.ts`, `.js` and `.svelte` file under the given top folders that is neither a test nor generated,
 * in path order. A folder that does not exist has no files.
 */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  return folders
    .map((folder) => resolve(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(ts|js|svelte)$/.test(entry.name))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/\.test\.ts$|_pb\.|\.d\.ts$|^wasm\/build\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(resolve(root, path), 'utf8') }));
}
