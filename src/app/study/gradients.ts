// The study's two styles: a horizontal gradient of two colours on white, one pixel a module.
import { emptyRaster, type Raster, type Rgb } from '../../base/raster.ts';
import type { QrCode } from '../../qr/matrix.ts';

/** The styles by the names that the study gives them: the colours at the left and at the right edge. */
export const STUDY_STYLES = {
  green_orange: [
    [21, 137, 6],
    [247, 105, 9],
  ],
  purple_violet: [
    [128, 0, 128],
    [138, 43, 226],
  ],
} as const satisfies Record<string, readonly [Rgb, Rgb]>;

/** Name of a style of the study. */
export type StudyStyle = keyof typeof STUDY_STYLES;

/** The colour of `style` in `column` of `modules`, each channel 0..255, not rounded. */
export function gradientColour(style: StudyStyle, column: number, modules: number): [number, number, number] {
  const [start, end] = STUDY_STYLES[style];
  const share = column / (modules - 1);
  return [0, 1, 2].map((c) => start[c] + share * (end[c] - start[c])) as [number, number, number];
}

/** `code` as a picture of one pixel a module: black on white. */
export function defaultPicture({ modules, dark }: Pick<QrCode, 'modules' | 'dark'>): Raster {
  const picture = emptyRaster(modules, modules);
  for (const [i, bit] of dark.entries()) picture.data.fill(bit === 1 ? 0 : 255, 3 * i, 3 * i + 3);
  return picture;
}

/** `code` as the study styles it: dark modules in the gradient's colours, light ones white. */
export function styledPicture(
  { modules, dark }: Pick<QrCode, 'modules' | 'dark'>,
  style: StudyStyle,
): Raster {
  const picture = emptyRaster(modules, modules);
  for (const [i, bit] of dark.entries()) {
    const colour = bit === 1 ? gradientColour(style, i % modules, modules).map(Math.round) : [255, 255, 255];
    picture.data.set(colour, 3 * i);
  }
  return picture;
}
