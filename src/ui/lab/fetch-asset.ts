// Fetches the example files that come with the page.
import { fetchBytes } from '../../base/load-file.ts';
import type { NamedFile } from './lab-engine.ts';

/** The file at `path` of this site. @throws SealedError `load-failed` */
export async function fetchAsset(path: string): Promise<NamedFile> {
  const bytes = await fetchBytes(new URL(path, document.baseURI), 'The example');
  return { name: path.split('/').at(-1), bytes };
}
