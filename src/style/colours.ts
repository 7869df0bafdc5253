// The colours a style is drawn in, the check that a scanner can tell them apart, and what correction makes of them.

import { SealedError } from '../base/errors.ts';
import { luma } from '../base/luma.ts';
import { boundedColour, LEAST_CONTRAST } from '../base/luma-bounds.ts';
import type { Rgb } from '../base/raster.ts';
import { colourMixer, type ColourField } from './colour-field.ts';

/** The three colours a style has. */
export const COLOUR_NAMES = ['start', 'end', 'background'] as const;

/** One of {@link COLOUR_NAMES}. */
export type ColourName = (typeof COLOUR_NAMES)[number];

/** The colours of one picture, each 0 … 255 a channel: the foreground runs from `start` to `end`. */
export type StyleColours = Readonly<Record<ColourName, Rgb>>;

/** Colours along the foreground gradient that {@link checkColours} looks at: enough for its brightest, to one of 255. */
const GRADIENT_CHECKS = 65;

/**
 * Returns `colours` unless no correction could help them: the foreground must be darker than the background, by what
 * the correction needs to see the style's shapes. Whether the corrected picture reads is for the scanners to say.
 *
 * @param field - the style's colour field: it decides which colours lie between `start` and `end`
 * @throws SealedError `out-of-range` if a channel is not a whole number of 0 … 255, `not-scannable` if a foreground
 *   colour is not {@link LEAST_CONTRAST} darker than the background; the text says which colours to change, `detail`
 *   names the one at fault and gives its luma and the background's
 */
export function checkColours(colours: StyleColours, field: ColourField): StyleColours {
  for (const name of COLOUR_NAMES) checkChannels(name, colours[name]);
  const ground = luma(...colours.background);
  const isTooLight = (value: number): boolean => value > ground - LEAST_CONTRAST;
  const [start, end] = [luma(...colours.start), luma(...colours.end)];
  if (isTooLight(start) && isTooLight(end)) {
    // Named is what there is more to gain from.
    const name = ground < 128 ? 'background' : 'gradient';
    throw unreadable(name, Math.max(start, end), ground, 'Choose darker colours or a lighter background');
  }
  for (const [name, value] of [['start', start] as const, ['end', end] as const]) {
    if (isTooLight(value)) {
      throw unreadable(name, value, ground, `Choose a darker ${name} colour or a lighter background`);
    }
  }
  const mix = colourMixer(field, colours.start, colours.end);
  const between = Array.from({ length: GRADIENT_CHECKS }, (_, i) => luma(...mix(i / (GRADIENT_CHECKS - 1))));
  const brightest = Math.max(...between);
  // Perceptual mixes may pass a little above both ends.
  if (isTooLight(brightest)) {
    const advice = 'The blend of start and end gets too light: choose darker or closer colours';
    throw unreadable('gradient', brightest, ground, advice);
  }
  return colours;
}

/** `colours` as the correction of `strength`, 0 … 1, leaves them: the same where scanners need no change. */
export function correctedColours({ start, end, background }: StyleColours, strength: number): StyleColours {
  return {
    start: boundedColour(start, 'dark', strength),
    end: boundedColour(end, 'dark', strength),
    background: boundedColour(background, 'light', strength),
  };
}

/** `#rrggbb`, as colour fields and command lines have it. */
export function toHex(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** The colour of `#rrggbb`. */
export function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Whether the two colours are one. */
export function sameColour(a: Rgb, b: Rgb): boolean {
  return a.every((channel, index) => channel === b[index]);
}

/** Whether all three colours are the same. */
export function sameColours(a: StyleColours, b: StyleColours): boolean {
  return COLOUR_NAMES.every((name) => sameColour(a[name], b[name]));
}

function checkChannels(name: ColourName, colour: Rgb): void {
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

function unreadable(name: string, foreground: number, background: number, advice: string): SealedError {
  const [light, ground] = [Math.round(foreground), Math.round(background)];
  return new SealedError(
    'not-scannable',
    `${advice}. A scanner goes by brightness, from 0 to 255: the code has ${light} here and the background ` +
      `${ground}, and the code must be darker by at least ${LEAST_CONTRAST}.`,
    { stage: 'style', detail: { colour: name, luma: light, background: ground } },
  );
}
