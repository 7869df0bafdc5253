// The session of a page: its workers, and its own copy of the styles' networks.
import { browserWorkers } from '../../../workers/platform/browser.ts';
import { StyleSession } from '../../app/style/style-session.ts';
import { SealedError } from '../../base/errors.ts';

/** Reads a file of the site. @throws SealedError `load-failed` */
async function loadModel(path: string): Promise<Uint8Array> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) {
    throw new SealedError('load-failed', `The file ${path} could not be loaded (HTTP ${response.status}).`, {
      stage: 'model',
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** A new session; its workers start when they are first needed. */
export function browserSession(): StyleSession {
  return new StyleSession(browserWorkers, loadModel);
}
