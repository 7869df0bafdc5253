// Starts the worker that makes styles out of a picture in a browser.
import type { PictureRole } from '../../src/app/style/picture-role.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { connect } from '../pool.ts';
import { fetchScript, start } from './browser-worker.ts';
import pictureScript from '../picture.ts?worker&url';

const address = (): string => new URL(pictureScript, location.href).href;

/** A new picture worker. */
export function startPictureWorker(): WorkerHandle<PictureRole> {
  return connect(start(address(), 'picture'), {});
}

/** Fetches its script ahead, so that nothing is asked for once the page is there. @throws SealedError `load-failed` */
export async function fetchPictureWorker(): Promise<void> {
  await fetchScript(address());
}
