// Two corrections of pictures of one pixel a module: the study's in CIE LAB, and this project's own by luma.
import { converter, modeLab65, modeRgb, modeXyz65, useMode } from 'culori/fn';
import { emptyRaster, type Raster } from '../../base/raster.ts';
import { createCorrector } from '../../qr/correct.ts';
import type { QrCode } from '../../qr/matrix.ts';
import { gradientColour, type StudyStyle } from './gradients.ts';

useMode(modeRgb);
useMode(modeXyz65);
useMode(modeLab65);
const toLab = converter('lab65');
const toRgb = converter('rgb');

/** The study's thresholds, of grey 0 to 255: its text has 125 for the mask, its code 123. */
export interface StudyThresholds {
  /** From this grey of the plain code on a module must become light. */
  readonly mask: number;
  /** Light modules become at least this grey. */
  readonly light: number;
  /** Dark modules become less than this grey. */
  readonly dark: number;
}

/** As in the study's code. */
export const STUDY_THRESHOLDS: StudyThresholds = { mask: 123, light: 190, dark: 100 };

/** L* moves by this much at a time. */
const STEP = 2;

/** Steps from one end of L* (0 to 100) to the other: the study's loop has no limit, and would not end for some thresholds. */
const MOST_STEPS = 50;

/** Grey as the study computes it: Rec. 709 weights on the bytes themselves (ITU-R BT.709-6, clause 3.2). */
function grey(r: number, g: number, b: number): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

type Bytes = readonly [number, number, number];

/** `colour` moved along L* by steps until `isDone`: bytes clamped, hue and chroma as far as sRGB has them. */
function moved(colour: Bytes, step: number, isDone: (grey: number) => boolean): Bytes {
  let bytes = colour;
  const lab = toLab({ mode: 'rgb', r: colour[0] / 255, g: colour[1] / 255, b: colour[2] / 255 });
  for (let steps = 0; steps < MOST_STEPS && !isDone(grey(...bytes)); steps++) {
    lab.l = Math.min(100, Math.max(0, lab.l + step));
    const { r, g, b } = toRgb(lab);
    const byte = (x: number): number => Math.round(255 * Math.min(1, Math.max(0, x)));
    bytes = [byte(r), byte(g), byte(b)];
  }
  return bytes;
}

/**
 * The study's correction: L* of each pixel is raised by 2 until its grey is at least 190 where the plain code is light, and
 * lowered until it is below 100 where it is dark; light is what reaches the mask's threshold in `plain`.
 * @param plain the plain code as a picture of the same size, 0 to 255, as the network was given it
 */
export function correctAsStudy(
  { width, height, data }: Raster,
  plain: Raster,
  { mask, light, dark }: StudyThresholds = STUDY_THRESHOLDS,
): Raster {
  const result = emptyRaster(width, height);
  for (let at = 0; at < data.length; at += 3) {
    const colour: Bytes = [data[at], data[at + 1], data[at + 2]];
    const isLight = plain.data[at] >= mask;
    const step = isLight ? STEP : -STEP;
    result.data.set(moved(colour, step, isLight ? (tone) => tone >= light : (tone) => tone < dark), at);
  }
  return result;
}

/** The strength at which the pipeline of the styles corrects a picture by luma (src/base/luma-bounds.ts). */
const LUMA_STRENGTH = 2 / 3;

/** This project's own correction: light and dark within luma bounds, function patterns exact. */
export function correctByLuma(picture: Raster, code: QrCode, style: StudyStyle): Raster {
  const corrector = createCorrector({
    picture,
    code,
    pixelsPerModule: 1,
    margin: 0,
    foreground: (x) => gradientColour(style, Math.min(code.modules - 1, Math.max(0, x)), code.modules),
    light: () => [255, 255, 255],
  });
  return corrector.at(LUMA_STRENGTH, 0);
}
