// Fetches the example files that come with the page.
import { SealedError } from '../../base/errors.ts';
import type { NamedFile } from './lab-engine.ts';

/** The file at `path` of this site. @throws SealedError `load-failed` */
export async function fetchAsset(path: string): Promise<NamedFile> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) {
    throw new SealedError('load-failed', `The file ${path} could not be loaded (HTTP ${response.status}).`, {
      stage: 'model',
    });
  }
  return { name: path.split('/').at(-1), bytes: new Uint8Array(await response.arrayBuffer()) };
}
