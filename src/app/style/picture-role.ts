// The picture's role for a worker: makes the fields of styles out of a picture, and shows what each would look like.
import { SealedError } from '../../base/errors.ts';
import type { Raster } from '../../base/raster.ts';
import { encodeQr } from '../../qr/matrix.ts';
import { withoutFinders } from '../../style/drawing/eyes.ts';
import { pictureFields } from '../../style/picture/fields.ts';
import { type FieldsRequest, type PictureFields } from '../../style/picture/choice.ts';
import { pictureStyle } from '../../style/picture/picture-style.ts';
import { MARGIN } from '../../style/recipe.ts';
import { placeOf } from '../../style/styles.ts';
import { styleGround, stylePainter } from '../../style/tables.ts';
import { type Crop, openPicture } from './picture-source.ts';

/** Pixels per module of a tile. */
const TILE_PIXELS = 4;

/** Modules of the quiet zone. */
const QUIET = 4;

/** What a tile's code says: nothing of the person's. */
const SAMPLE_TEXT = 'SEALED QR';

/** A picture behind a worker. */
export interface PictureRole {
  /** Takes a picture in the place of the one before. @throws SealedError `invalid-argument` where it is too small */
  open(picture: Raster): Promise<void>;
  /** The fields of the picture, cut at `crop`. */
  fields(request: FieldsRequest, crop: Crop): Promise<PictureFields>;
  /** A sample code in the style, by its drawing, quiet zone and frame included. */
  tile(request: FieldsRequest, crop: Crop): Promise<Raster>;
}

/** A picture role; it keeps the picture opened last. */
export function createPictureRole(): PictureRole {
  let cut: ReturnType<typeof openPicture> | undefined;
  const fieldsOf = (request: FieldsRequest, crop: Crop): PictureFields => {
    if (cut) return pictureFields(cut(crop), request);
    throw new SealedError('invalid-argument', 'Open a picture first.', { stage: 'style' });
  };
  return Object.freeze({
    open(picture) {
      cut = openPicture(picture);
      return Promise.resolve();
    },
    fields: (request, crop) => Promise.resolve(fieldsOf(request, crop)),
    tile: async (request, crop) => tileOf(request, fieldsOf(request, crop)),
  } satisfies PictureRole);
}

async function tileOf(request: FieldsRequest, fields: PictureFields): Promise<Raster> {
  const { modules } = request;
  const style = pictureStyle(request, () => Promise.resolve(fields));
  await style.prepare?.(modules);
  const { dark } = encodeQr(SAMPLE_TEXT, { ecc: 'M', version: (modules - 17) / 4 });
  const place = placeOf(style, modules, style.defaultColours, TILE_PIXELS);
  const around = QUIET + (style.frame ?? 0);
  const tile = styleGround(style.recipe, place, around).light;
  const planes = stylePainter(style.recipe, place, { by: 'drawing' })(withoutFinders(dark, modules));
  const side = (modules + 2 * MARGIN) * TILE_PIXELS;
  const before = (around - MARGIN) * TILE_PIXELS;
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const at = 3 * ((y + before) * tile.width + x + before);
      for (let c = 0; c < 3; c += 1) {
        tile.data[at + c] = Math.round(255 * planes[c * side * side + y * side + x]);
      }
    }
  }
  return tile;
}
