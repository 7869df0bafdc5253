// Reads the models from the site's public folder.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file `path` of public/. */
export async function loadModel(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(import.meta.dirname, '..', 'public', path)));
}
