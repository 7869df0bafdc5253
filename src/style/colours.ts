// The colours a style is drawn in, and the check that a scanner can tell them apart.

import { SealedError } from '../base/errors.ts';
import type { Rgb } from '../base/raster.ts';
import { mixColours, type ColourField } from './colour-field.ts';

/** The colours of one picture, each 0 … 255 a channel: the foreground runs from `start` to `end`. */
export interface StyleColours {
  readonly start: Rgb;
  readonly end: Rgb;
  readonly background: Rgb;
}

/** Brightest luma (Rec. 601, 0 … 255) a foreground colour may have. */
export const FOREGROUND_LUMA_MAX = 130;

/** Darkest luma (Rec. 601, 0 … 255) a background may have. */
const BACKGROUND_LUMA_MIN = 200;

/** Colours along the foreground gradient that {@link checkColours} looks at. */
const GRADIENT_CHECKS = 17;

/**
 * Luma of `colour` by Rec. ITU-R BT.601, 0 … 255. Decoders threshold this (zxing: (306R + 601G + 117B) / 1024), not
 * perceived lightness: pure green is bright to the eye and only 150 here.
 */
export function luma([red, green, blue]: Rgb): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/**
 * Returns `colours` if a code drawn in them can be scanned.
 *
 * @param field - the style's colour field: it decides which colours lie between `start` and `end`
 * @throws SealedError `out-of-range` if a channel is not a whole number of 0 … 255, `not-scannable` if a foreground
 *   colour is too bright or the background too dark; the text says which colour to change, and `detail` gives its luma
 */
export function checkColours(colours: StyleColours, field: ColourField): StyleColours {
  for (const name of ['start', 'end', 'background'] as const) checkChannels(name, colours[name]);
  for (const name of ['start', 'end'] as const) {
    if (luma(colours[name]) > FOREGROUND_LUMA_MAX) {
      throw unreadable(name, luma(colours[name]), `Choose a darker ${name} colour`);
    }
  }
  for (let i = 1; i < GRADIENT_CHECKS; i++) {
    const between = luma(mixColours(field, colours.start, colours.end, i / GRADIENT_CHECKS));
    // Perceptual mixes may pass a little above both ends; only a clear excess is worth refusing.
    if (between > FOREGROUND_LUMA_MAX + 5) {
      throw unreadable(
        'gradient',
        between,
        'The blend of start and end gets too bright: choose darker or closer colours',
      );
    }
  }
  if (luma(colours.background) < BACKGROUND_LUMA_MIN) {
    throw unreadable('background', luma(colours.background), 'Choose a lighter background');
  }
  return colours;
}

function checkChannels(name: string, colour: Rgb): void {
  const valid = colour.length === 3 && colour.every((c) => Number.isInteger(c) && c >= 0 && c <= 255);
  if (valid) return;
  throw new SealedError(
    'out-of-range',
    `The ${name} colour needs red, green and blue as whole numbers of 0 to 255.`,
    {
      stage: 'style',
    },
  );
}

function unreadable(name: string, value: number, advice: string): SealedError {
  const limit = name === 'background' ? `at least ${BACKGROUND_LUMA_MIN}` : `at most ${FOREGROUND_LUMA_MAX}`;
  return new SealedError(
    'not-scannable',
    `${advice}: scanners need the ${name}'s luma to be ${limit} of 255, and it is ${Math.round(value)}.`,
    { stage: 'style', detail: { colour: name, luma: Math.round(value) } },
  );
}
