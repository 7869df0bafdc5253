// Reads the models from the site's public folder.
import { join } from 'node:path';
import { installedFile } from '../workers/platform/installed-file.ts';

/** Where the file `path` of public/ lies. */
export function modelPath(path: string): string {
  return join(import.meta.dirname, '..', 'public', path);
}

/** The file `path` of public/. @throws SealedError `load-failed` */
export function loadModel(path: string): Promise<Uint8Array> {
  return Promise.try(installedFile, modelPath(path));
}
