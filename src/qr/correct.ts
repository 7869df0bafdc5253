// Luma correction: what the style drew, moved only as far as readers need, with exact function patterns.
import { SealedError } from '../base/errors.ts';
import { luma, writeWithLuma } from '../base/luma.ts';
import { boundedColour, LEAST_CONTRAST, lumaBounds } from '../base/luma-bounds.ts';
import type { QrCode } from './matrix.ts';
import { filledRaster } from '../base/raster.ts';
import { checkRaster, frameRaster } from './raster.ts';
import type { Raster, Rgb } from '../base/raster.ts';

/** What is corrected, and the ideal colours of its style. Coordinates are pixels of `picture`. */
export interface CorrectionInput {
  /** The style network's output, modules · pixelsPerModule square, without quiet zone. */
  readonly picture: Raster;
  readonly code: QrCode;
  readonly pixelsPerModule: number;
  /** The style's ideal dark colour at pixel (x, y). */
  readonly foreground: (x: number, y: number) => Rgb;
  /** The style's flat light tone. */
  readonly background: Rgb;
}

/** A picture made ready for correction at any strength. */
export interface Corrector {
  /** The framed, corrected picture at `strength` 0..1: `border` pixels of the light tone on each side. */
  readonly at: (strength: number, border: number) => Raster;
  /** The same picture framed in the style's own light tone, nothing else touched: what a reader would see. */
  readonly uncorrected: (border: number) => Raster;
}

/**
 * How much a pixel is held to its module's colour, by its distance from the module's centre: fully near it, not at
 * all towards the rim, whose corners, bridges and gaps belong to the style. At strength 0 an isolated dot of radius
 * 0.35 modules keeps its outline; at strength 1 the hold covers most of the module.
 */
function centreWeights(pixelsPerModule: number, strength: number): Float32Array {
  const full = 0.2 + 0.1 * strength;
  const none = 0.36 + 0.12 * strength;
  const weights = new Float32Array(pixelsPerModule * pixelsPerModule);
  for (let y = 0; y < pixelsPerModule; y++) {
    for (let x = 0; x < pixelsPerModule; x++) {
      const fromCentre = Math.hypot((x + 0.5) / pixelsPerModule - 0.5, (y + 0.5) / pixelsPerModule - 0.5);
      weights[y * pixelsPerModule + x] = Math.min(1, Math.max(0, (none - fromCentre) / (none - full)));
    }
  }
  return weights;
}

function checkInput({ picture, code, pixelsPerModule }: CorrectionInput): void {
  checkRaster(picture);
  const side = code.modules * pixelsPerModule;
  if (!Number.isInteger(pixelsPerModule) || picture.width !== side || picture.height !== side) {
    throw new SealedError(
      'invalid-argument',
      `A picture of ${code.modules} modules at ${pixelsPerModule} pixels each must be ${side} pixels square.`,
      { stage: 'correct', detail: { width: picture.width, height: picture.height } },
    );
  }
}

/**
 * Prepares the correction of one picture. At a given strength it does three things:
 * 1. Function patterns and quiet zone become exact: solid foreground and background within the bounds.
 * 2. A tone curve moves the style's light tone up to the light bound and its dark colours down to the dark bound;
 *    what lies between, the edges of the style's shapes, moves in proportion, so shapes keep their look.
 * 3. Pixels near the centre of a data module that are still on the wrong side of its bound are moved to it.
 * Throws `invalid-argument` when the picture does not match the code.
 */
export function createCorrector(input: CorrectionInput): Corrector {
  checkInput(input);
  const { picture, code, pixelsPerModule, foreground, background } = input;
  const side = picture.width;
  const lightLuma = luma(...background);
  // Clamped arrays round; blended colours have fractions.
  const ideal = new Uint8ClampedArray(side * side * 3);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at += 3) ideal.set(foreground(x, y), at);
  }

  const at = (strength: number, border: number): Raster => {
    const bounds = lumaBounds(strength);
    const weights = centreWeights(pixelsPerModule, strength);
    const raisedLight = Math.max(lightLuma, bounds.light);
    const lightTone = boundedColour(background, 'light', strength);
    const result = filledRaster(side + 2 * border, side + 2 * border, lightTone);
    for (let y = 0; y < side; y++) {
      const moduleRow = Math.floor(y / pixelsPerModule) * code.modules;
      const weightRow = (y % pixelsPerModule) * pixelsPerModule;
      let from = y * side * 3;
      let to = ((y + border) * result.width + border) * 3;
      for (let x = 0; x < side; x++, from += 3, to += 3) {
        const module = moduleRow + Math.floor(x / pixelsPerModule);
        const isDark = code.dark[module] === 1;
        const isFunction = code.functionModules[module] === 1;
        // The light tone is there already.
        if (isFunction && !isDark) continue;
        const dr = ideal[from];
        const dg = ideal[from + 1];
        const db = ideal[from + 2];
        const darkLuma = luma(dr, dg, db);
        const loweredDark = Math.min(darkLuma, bounds.dark);
        if (isFunction) {
          writeWithLuma(result.data, to, dr, dg, db, loweredDark);
          continue;
        }
        const r = picture.data[from];
        const g = picture.data[from + 1];
        const b = picture.data[from + 2];
        const before = luma(r, g, b);
        const contrast = lightLuma - darkLuma;
        // How much of this pixel the style covered; a style without contrast leaves only the module to say so.
        const covered =
          contrast < LEAST_CONTRAST
            ? Number(isDark)
            : Math.min(1, Math.max(0, (lightLuma - before) / contrast));
        const toned = before + (1 - covered) * (raisedLight - lightLuma) + covered * (loweredDark - darkLuma);
        const beyond = isDark ? Math.min(0, bounds.dark - toned) : Math.max(0, bounds.light - toned);
        const held = weights[weightRow + (x % pixelsPerModule)];
        writeWithLuma(result.data, to, r, g, b, toned + held * beyond);
      }
    }
    return result;
  };
  return { at, uncorrected: (border) => frameRaster(picture, border, background) };
}
