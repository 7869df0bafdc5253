// The session of a page: its workers, and its own copy of the styles' networks.
import { fetchBytes } from '../../base/load-file.ts';
import { browserWorkers } from '../../../workers/platform/browser.ts';
import { StyleSession } from '../../app/style/style-session.ts';

/** Reads a file of the site. @throws SealedError `load-failed` */
function loadModel(path: string): Promise<Uint8Array> {
  return fetchBytes(new URL(path, document.baseURI), 'The network of a style');
}

/** A new session; its workers start when they are first needed. */
export function browserSession(): StyleSession {
  return new StyleSession(browserWorkers, loadModel);
}
