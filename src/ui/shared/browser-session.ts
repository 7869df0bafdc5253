// The session of a page: its workers, and its own copy of the styles' networks.
import { browserWorkers } from '../../../workers/platform/browser.ts';
import { loadModel } from '../../../workers/platform/browser-local-service.ts';
import { StyleSession } from '../../app/style/style-session.ts';

/** A new session; its workers start when they are first needed. */
export function browserSession(): StyleSession {
  return new StyleSession(browserWorkers, loadModel);
}
