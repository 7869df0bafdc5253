// A person's picture and the worker that makes styles of it: starts it when it is needed, and again when it has died.
import type { Raster } from '../../base/raster.ts';
import { limited, type WorkerHandle } from '../../base/worker-handle.ts';
import type { PictureKind } from '../../style/picture/choice.ts';
import { pictureStyle } from '../../style/picture/picture-style.ts';
import type { Style } from '../../style/styles.ts';
import type { PictureRole } from './picture-role.ts';
import type { Crop } from './picture-source.ts';

/** Of every picture's first try. */
const FIRST = { step: 0, seed: 1 } as const;

/** One picture, opened in a worker of its own. */
export class PictureMaker {
  readonly #start: () => WorkerHandle<PictureRole>;
  readonly #picture: Raster;
  readonly #number = crypto.randomUUID();
  #worker: { readonly handle: WorkerHandle<PictureRole>; readonly opened: Promise<void> } | undefined;

  /** @param start starts a worker */
  constructor(picture: Raster, start: () => WorkerHandle<PictureRole>) {
    this.#picture = picture;
    this.#start = start;
  }

  /** Opens the picture. @throws SealedError `invalid-argument` where it is too small */
  async open(): Promise<void> {
    await this.#call(() => Promise.resolve());
  }

  /** A sample code of `modules` by `modules` as `kind`. */
  tile(kind: PictureKind, modules: number, crop: Crop, signal?: AbortSignal): Promise<Raster> {
    return this.#call((role) => role.tile({ ...FIRST, kind, modules }, crop), signal);
  }

  /** The style of `kind`, whose fields the worker makes. */
  style(kind: PictureKind, crop: Crop): Style {
    const picture = JSON.stringify([this.#number, crop]);
    return pictureStyle({ ...FIRST, kind }, (request) => this.#call((role) => role.fields(request, crop)), {
      name: 'Picture',
      picture,
    });
  }

  /** Ends the worker. */
  close(): void {
    this.#worker?.handle.terminate();
  }

  async #call<T>(call: (role: PictureRole) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#worker?.handle.dead !== false) {
      const handle = this.#start();
      this.#worker = { handle, opened: handle.role.open(this.#picture) };
    }
    const { handle, opened } = this.#worker;
    const limits = { signal, stage: 'style', advice: 'Try a smaller picture.' } as const;
    return limited(
      opened.then(() => call(handle.role)),
      [handle],
      limits,
    );
  }
}
