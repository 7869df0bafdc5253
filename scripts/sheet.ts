// Pictures side by side on one sheet, to be looked at.
import { emptyRaster, type Raster } from '../src/base/raster.ts';

const GAP = 8;

/** A white sheet of `columns` by `rows` places, each `side` pixels square, with a gap round every one. */
export function whiteSheet(columns: number, rows: number, side: number): Raster {
  const sheet = emptyRaster(columns * (side + GAP) + GAP, rows * (side + GAP) + GAP);
  sheet.data.fill(255);
  return sheet;
}

/** Puts `picture`, at most `side` pixels square, in the middle of a place of `sheet`. */
export function putOn(sheet: Raster, picture: Raster, column: number, row: number, side: number): void {
  const left = GAP + column * (side + GAP) + Math.floor((side - picture.width) / 2);
  const top = GAP + row * (side + GAP) + Math.floor((side - picture.height) / 2);
  for (let y = 0; y < picture.height; y += 1) {
    const line = picture.data.subarray(3 * y * picture.width, 3 * (y + 1) * picture.width);
    sheet.data.set(line, 3 * ((top + y) * sheet.width + left));
  }
}
