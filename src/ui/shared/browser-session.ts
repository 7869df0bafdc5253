// The session of a page: its workers, its models, as many server workers as pay.
import { Session } from '../../app/session/session.ts';
import { fetchBytes } from '../../base/load-file.ts';
import { browserWorkers } from '../../../workers/platform/browser.ts';

/** Reads a file of the site. @throws SealedError `load-failed` */
function loadModel(path: string): Promise<Uint8Array> {
  return fetchBytes(new URL(path, document.baseURI), 'The network of a style');
}

/** More than four workers gain little: the ciphertexts of one code are few. */
function serverWorkerCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** A new session; its workers start when they are first needed. */
export function browserSession(): Session {
  return new Session({ workers: browserWorkers, loadModel, serverWorkers: serverWorkerCount() });
}
