// Luma correction: what the style drew, moved only as far as readers need.
import { SealedError } from '../base/errors.ts';
import { luma, writeWithLuma } from '../base/luma.ts';
import { LEAST_CONTRAST, type LumaBounds, lumaBounds } from '../base/luma-bounds.ts';
import type { QrCode } from './matrix.ts';
import { emptyRaster } from '../base/raster.ts';
import { checkRaster } from './raster.ts';
import type { Raster, Rgb } from '../base/raster.ts';

/** What is corrected, and the ideal colours of its style. Places are pixels from the code's upper left corner. */
export interface CorrectionInput {
  /** The style network's output, square: the code and `margin` modules on each side. */
  readonly picture: Raster;
  readonly code: QrCode;
  readonly pixelsPerModule: number;
  /** Modules of the style's own drawing around the code. */
  readonly margin: number;
  /** Modules of a picture beyond the quiet zone, which no correction touches; none unless given. */
  readonly frame?: number | undefined;
  /** The style's ideal dark colour at (x, y), anywhere in the picture. */
  readonly foreground: (x: number, y: number) => Rgb;
  /** The style's light tone at (x, y), in the picture and in the quiet zone; within its eyes, the eyes. */
  readonly light: (x: number, y: number) => Rgb;
}

/** A picture made ready for correction at any strength. */
export interface Corrector {
  /** The framed, corrected picture at `strength` 0..1: `border` pixels of the style's light around the code. */
  readonly at: (strength: number, border: number) => Raster;
  /** The same picture framed in the style's own light, nothing else touched: what a reader would see. */
  readonly uncorrected: (border: number) => Raster;
  /** Whether the middles of nearly all modules outside the eyes are as dark and as light as a camera in poor light needs them. */
  readonly hasContrast: () => boolean;
}

/** Luma of a module's middle that a picture may be handed out with uncorrected, and the share that may miss it. */
const UNCORRECTED = { light: 185, dark: 135, mostBeyond: 0.02 };

/** From this strength on function patterns are exact squares; below it the style's own eyes stay. */
const EXACT_PATTERNS_FROM = 0.5;

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
      const [u, v] = [(x + 0.5) / pixelsPerModule - 0.5, (y + 0.5) / pixelsPerModule - 0.5];
      const fromCentre = Math.sqrt(u * u + v * v);
      weights[y * pixelsPerModule + x] = Math.min(1, Math.max(0, (none - fromCentre) / (none - full)));
    }
  }
  return weights;
}

function checkInput({ picture, code, pixelsPerModule, margin }: CorrectionInput): void {
  checkRaster(picture);
  const side = (code.modules + 2 * margin) * pixelsPerModule;
  if (!Number.isInteger(pixelsPerModule) || picture.width !== side || picture.height !== side) {
    throw new SealedError(
      'invalid-argument',
      `A picture of ${code.modules} modules at ${pixelsPerModule} pixels each must be ${side} pixels square.`,
      { stage: 'correct', detail: { width: picture.width, height: picture.height } },
    );
  }
}

/** How far below the light tone, as a share of it, a pixel of an eye is wholly dark. */
const EYE_CONTRAST = 0.35;

/** What a corrected pixel is made from: lumas, 0..255. */
interface Tones {
  readonly before: number;
  /** Within eyes the tone of the quiet zone. */
  readonly light: number;
  readonly dark: number;
  readonly isDark: boolean;
  /** Whether it belongs to an eye, which the style draws by the place alone: it has one colour here, not two. */
  readonly isEye: boolean;
}

/** The luma of a pixel after the tone curve of `bounds`. */
function curved({ before, light, dark, isDark, isEye }: Tones, bounds: LumaBounds): number {
  if (isEye) {
    const covered = share((light - before) / (EYE_CONTRAST * light));
    const lift = (1 - covered) * (Math.max(light, bounds.light) - light);
    return before + lift - covered * Math.max(0, before - bounds.dark);
  }
  const contrast = light - dark;
  // How much of this pixel the style covered; a style without contrast leaves only the module to say so.
  const covered = contrast < LEAST_CONTRAST ? Number(isDark) : share((light - before) / contrast);
  const raised = Math.max(light, bounds.light) - light;
  return before + (1 - covered) * raised + covered * (Math.min(dark, bounds.dark) - dark);
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/**
 * Prepares the correction of one picture. At a given strength it does this:
 * 1. A tone curve moves the style's light tone up to the light bound and its dark colours down to the dark bound, place
 *    by place; what lies between, the edges of the style's shapes, moves in proportion, so shapes keep their look.
 * 2. Pixels near the centre of a module that are still on the wrong side of its bound are moved to it.
 * 3. From half strength on, function patterns become exact: solid foreground and light tone within the bounds.
 *
 * @throws SealedError `invalid-argument` when the picture does not match the code
 */
export function createCorrector(input: CorrectionInput): Corrector {
  checkInput(input);
  const { picture, code, pixelsPerModule, margin, foreground, light, frame = 0 } = input;
  const { modules } = code;
  const side = modules * pixelsPerModule;
  const around = margin * pixelsPerModule;
  const quiet = light(Math.floor(side / 2), -1 - around);
  const quietLuma = luma(...quiet);

  const framed = (border: number): Raster => {
    const result = emptyRaster(side + 2 * border, side + 2 * border);
    for (let y = -border, to = 0; y < side + border; y++) {
      for (let x = -border; x < side + border; x++, to += 3) {
        const isInside = x >= -around && y >= -around && x < side + around && y < side + around;
        if (isInside) {
          const from = 3 * ((y + around) * picture.width + x + around);
          for (let c = 0; c < 3; c++) result.data[to + c] = picture.data[from + c];
        } else result.data.set(light(x, y), to);
      }
    }
    return result;
  };

  const at = (strength: number, border: number): Raster => {
    const bounds = lumaBounds(strength);
    const weights = centreWeights(pixelsPerModule, strength);
    const isExact = strength >= EXACT_PATTERNS_FROM;
    const result = framed(border);
    const { data } = result;
    for (let y = -border, to = 0; y < side + border; y++) {
      const row = Math.floor(y / pixelsPerModule);
      const weightRow = (y - row * pixelsPerModule) * pixelsPerModule;
      for (let x = -border; x < side + border; x++, to += 3) {
        const column = Math.floor(x / pixelsPerModule);
        if (frame > 0 && isBeyondQuiet(column, row, modules)) continue;
        const isInside = row >= 0 && column >= 0 && row < modules && column < modules;
        const module = row * modules + column;
        const isDark = isInside && code.dark[module] === 1;
        const isEye = isInside && isEyeModule(column, row, modules);
        const [lr, lg, lb] = light(x, y);
        const [dr, dg, db] = foreground(x, y);
        if (isExact && isInside && code.functionModules[module] === 1) {
          const darkLuma = luma(dr, dg, db);
          if (isDark) writeWithLuma(data, to, dr, dg, db, Math.min(darkLuma, bounds.dark));
          else data.set(exactLight(isEye ? quiet : [lr, lg, lb], bounds), to);
          continue;
        }
        const [r, g, b] = [data[to], data[to + 1], data[to + 2]];
        const tones = {
          before: luma(r, g, b),
          light: isEye ? quietLuma : luma(lr, lg, lb),
          dark: luma(dr, dg, db),
          isDark,
          isEye,
        };
        const toned = curved(tones, bounds);
        const beyond = isDark ? Math.min(0, bounds.dark - toned) : Math.max(0, bounds.light - toned);
        // Eyes keep their own outline: a rounded corner is no dark module's.
        const held = isInside && !isEye ? weights[weightRow + x - column * pixelsPerModule] : 0;
        writeWithLuma(data, to, r, g, b, toned + held * beyond);
      }
    }
    return result;
  };

  const hasContrast = (): boolean => {
    let beyond = 0;
    for (let module = 0; module < modules * modules; module++) {
      const [column, row] = [module % modules, Math.floor(module / modules)];
      if (isEyeModule(column, row, modules)) continue;
      const middle = middleLuma(picture, pixelsPerModule, column, row, margin);
      beyond += Number(code.dark[module] === 1 ? middle > UNCORRECTED.dark : middle < UNCORRECTED.light);
    }
    return beyond <= UNCORRECTED.mostBeyond * modules * modules;
  };
  return { at, uncorrected: framed, hasContrast };
}

/** Mean luma of the inner half of a module, across and down. */
function middleLuma(picture: Raster, p: number, column: number, row: number, margin: number): number {
  const [from, to] = [Math.floor(p / 4), Math.ceil((3 * p) / 4)];
  let sum = 0;
  for (let y = from; y < to; y++) {
    for (let x = from; x < to; x++) {
      const at = 3 * (((row + margin) * p + y) * picture.width + (column + margin) * p + x);
      sum += luma(picture.data[at], picture.data[at + 1], picture.data[at + 2]);
    }
  }
  return sum / (to - from) ** 2;
}

/** Modules along one side of a finder pattern. */
const FINDER = 7;

/** Modules of the quiet zone (ISO/IEC 18004, 6.3.8). */
const QUIET = 4;

function isBeyondQuiet(column: number, row: number, modules: number): boolean {
  return Math.min(column, row) < -QUIET || Math.max(column, row) >= modules + QUIET;
}

/** Whether a module of the code is one of a finder pattern's. */
function isEyeModule(column: number, row: number, modules: number): boolean {
  const far = modules - FINDER;
  return row < FINDER ? column < FINDER || column >= far : row >= far && column < FINDER;
}

function exactLight([r, g, b]: Rgb, bounds: LumaBounds): Uint8Array {
  const tone = new Uint8Array(3);
  writeWithLuma(tone, 0, r, g, b, Math.max(luma(r, g, b), bounds.light));
  return tone;
}
