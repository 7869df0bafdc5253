// A picture of the person's own: which part of it is taken, what codes made of it look like, and the style that is chosen.
import { PictureMaker } from '../../../app/style/picture-maker.ts';
import { type Crop, WHOLE_CROP } from '../../../app/style/picture-source.ts';
import type { PictureRole } from '../../../app/style/picture-role.ts';
import { asSealedError, type SealedError } from '../../../base/errors.ts';
import type { WorkerHandle } from '../../../base/worker-handle.ts';
import { PICTURE_KINDS, type PictureKind } from '../../../style/picture/choice.ts';
import type { Style } from '../../../style/styles.ts';
import { imageOf, readPicture } from './read-picture.ts';

/** How far the square may shrink: a third of the picture's shorter side. */
export const LEAST_CROP = 1 / 3;

/** The picture and its five tiles. It never leaves the device: styles of it are mixed here. */
export class OwnPicture {
  /** The picture itself, once it has been read. */
  image = $state.raw<ImageData | undefined>();
  name = $state('');
  /** The square as it is being moved, and where it stood last. */
  crop = $state.raw<Crop>(WHOLE_CROP);
  settled = $state.raw<Crop>(WHOLE_CROP);
  kind = $state<PictureKind>('poster');
  /** By kind, as they come; each stays until a newer one is there. */
  tiles = $state.raw<Readonly<Partial<Record<PictureKind, ImageData>>>>({});
  /** Whether the tiles show something that is no more. */
  isDrawing = $state(false);
  error = $state.raw<SealedError | undefined>();
  readonly #start: () => WorkerHandle<PictureRole>;
  #maker = $state.raw<PictureMaker | undefined>();
  #drawing: AbortController | undefined;
  /** The style of the chosen kind; undefined without a picture. */
  readonly style = $derived<Style | undefined>(this.#maker?.style(this.kind, this.settled));

  /** @param start starts a picture worker */
  constructor(start: () => WorkerHandle<PictureRole>) {
    this.#start = start;
  }

  /** Takes `file` in the place of the picture before it. Never rejects. @returns whether it could be read */
  async take(file: File): Promise<boolean> {
    this.error = undefined;
    try {
      const raster = await readPicture(file);
      const maker = new PictureMaker(raster, this.#start);
      await maker.open();
      this.#drawing?.abort();
      this.#maker?.close();
      this.#maker = maker;
      this.image = imageOf(raster);
      this.name = file.name;
      this.crop = this.settled = WHOLE_CROP;
      this.tiles = {};
      return true;
    } catch (thrown) {
      this.error = asSealedError(thrown, 'style');
      return false;
    }
  }

  /** Moves the square; what is made of it follows with {@link settle}. */
  moveTo(crop: Crop): void {
    const held = (value: number, least: number): number => Math.min(1, Math.max(least, value));
    this.crop = { x: held(crop.x, 0), y: held(crop.y, 0), size: held(crop.size, LEAST_CROP) };
  }

  /** The square stays where it is. */
  settle(): void {
    this.settled = this.crop;
  }

  /** Draws the tiles for codes of `modules` by `modules`, the quick ones first. Never rejects. */
  async draw(modules: number): Promise<void> {
    this.#drawing?.abort();
    const maker = this.#maker;
    if (!maker) return;
    const { signal } = (this.#drawing = new AbortController());
    this.isDrawing = true;
    const { settled: crop } = this;
    const order = [...PICTURE_KINDS].sort((a, b) => Number(b === 'picture') - Number(a === 'picture'));
    try {
      for (const kind of order) {
        const tile = imageOf(await maker.tile(kind, modules, crop, signal));
        if (signal.aborted) return;
        this.tiles = { ...this.tiles, [kind]: tile };
      }
      this.isDrawing = false;
    } catch (thrown) {
      if (signal.aborted) return;
      this.isDrawing = false;
      this.error = asSealedError(thrown, 'style');
    }
  }
}
