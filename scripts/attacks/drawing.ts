// What anybody who knows a style and a text can draw: the picture that an honest service makes, and its correction.
import type { StyleReferences } from '../../src/app/style/reference.ts';
import type { StyleRequest } from '../../src/app/style/pipeline.ts';
import type { Raster, Rgb } from '../../src/base/raster.ts';
import type { CorrectionInput } from '../../src/qr/correct.ts';
import type { QrCode } from '../../src/qr/matrix.ts';
import { checkColours } from '../../src/style/colours.ts';
import { withoutFinders } from '../../src/style/drawing/eyes.ts';
import { MARGIN } from '../../src/style/recipe.ts';
import { placeOf } from '../../src/style/styles.ts';
import { styleGround } from '../../src/style/tables.ts';

/** How pictures are drawn: public, as the service draws them. */
export type PublicStyle = Pick<StyleRequest, 'style' | 'colours' | 'pixelsPerModule' | 'ecc'>;

// The quiet zone is four modules wide, and half a block more.
const GROUND_MODULES = 5;

/** What the float network draws: three planes, row by row, 0 to 1, the style's margin included. */
export function honestPlanes(
  references: StyleReferences,
  code: QrCode,
  { style, colours, pixelsPerModule }: PublicStyle,
): Promise<Float32Array> {
  const dark = withoutFinders(code.dark, code.modules);
  return references.picture(style, code.modules, checkColours(colours, style.field), pixelsPerModule, dark);
}

/** What the correction of a picture of `code` looks at, beside the picture. */
export function groundOf(
  code: QrCode,
  { style, colours, pixelsPerModule }: PublicStyle,
): Omit<CorrectionInput, 'picture'> {
  const place = placeOf(style, code.modules, checkColours(colours, style.field), pixelsPerModule);
  const { light, dark } = styleGround(style.recipe, place, GROUND_MODULES);
  const before = GROUND_MODULES * pixelsPerModule;
  const colourAt =
    ({ width, data }: Raster) =>
    (x: number, y: number): Rgb => {
      const at = 3 * ((y + before) * width + x + before);
      return [data[at], data[at + 1], data[at + 2]];
    };
  return { code, pixelsPerModule, margin: MARGIN, light: colourAt(light), foreground: colourAt(dark) };
}
