// The active attack's first half: has a run's answer carry the secret key, as grey levels of blue in the picture.
import type { Parameters } from '../../src/params/parameters.ts';
import type { SegmentInterface } from '../../src/plan/client-interface.ts';
import type { GridLayout } from '../../src/plan/layout.ts';
import { decodeAnswer, encodeFrame } from '../../src/protocol/frame.ts';
import { leastRoot, multiplyModulo, powerModulo } from './residue-ring.ts';
import type { SeenRun, Tamper } from './hostile-service.ts';

/** How strongly the key shows. */
export interface Carrier {
  /** Standard deviation of what is added to blue, in grey levels of 255. */
  readonly sigmaLevels: number;
  /** By how much ciphertexts of one picture are darkened differently, so that rounding to whole levels averages out: 0 to 1. */
  readonly ditherLevels: number;
}

/** A carrier of `sigmaLevels` with all the dither that is of use. */
export function carrierOf(sigmaLevels: number): Carrier {
  return { sigmaLevels, ditherLevels: 1 };
}

const COLOURS = 3;

/** The channel that carries: the eye sees it least. */
export const BLUE = 2;

/** How a style's picture lies in its ciphertexts: channel c·p² + y·p + x is pixel (y, x) of a module in colour c. */
export interface PictureLayout {
  readonly pixelsPerModule: number;
  /** Along one side of the picture, the style's margin included. */
  readonly modules: number;
  /** Channels in one ciphertext. */
  readonly perCiphertext: number;
  /** The first so many of these stand in the real parts of its slots, the others in the imaginary ones. */
  readonly inRealParts: number;
  readonly blockSlots: number;
  readonly tilePositions: number;
}

/** The layout of a style's answer. */
export function pictureLayout({ output: { layout } }: SegmentInterface): PictureLayout {
  const { shape, blocks, isComplex } = layout as GridLayout;
  const pixelsPerModule = Math.sqrt(shape[0] / COLOURS);
  const { blocksPerCiphertext: inRealParts, blockSlots, tilePositions } = blocks;
  const perCiphertext = isComplex === true ? 2 * inRealParts : inRealParts;
  return { pixelsPerModule, modules: shape[1], perCiphertext, inRealParts, blockSlots, tilePositions };
}

/** Whether pixel number `pixel` of a module is made room in: one in the imaginary part of a slot is not, and is not read. */
export function isMadeRoomIn(pixel: number, { perCiphertext, inRealParts }: PictureLayout): boolean {
  return pixel % perCiphertext < inRealParts;
}

/** Which part of the key's slots pixel number `pixel` of a module shows, by the row that it is in: real or imaginary. */
export function partOf(pixel: number, { pixelsPerModule, perCiphertext }: PictureLayout): 're' | 'im' {
  const row = Math.floor(pixel / Math.max(pixelsPerModule, perCiphertext));
  return row % 2 === 0 ? 're' : 'im';
}

/** Standard deviation of the real and of the imaginary part of a ternary polynomial's slots. */
function slotDeviation({ polyModulusDegree }: Parameters): number {
  return Math.sqrt(polyModulusDegree / 3);
}

/** The strongest carrier without room of its own that changes no value, in 0 to 1, by more than `bound`. */
export function quietCarrier(bound: number): Carrier {
  const levels = 255 * bound;
  const ditherLevels = Math.min(1, levels / 2);
  // Of some thousand normal values none is above 5 σ.
  return { sigmaLevels: Math.min(0.49, (levels - ditherLevels) / 5), ditherLevels };
}

/** Grey levels that blue is darkened by in pixel number `pixel` of every module: room for what is added, and the dither. */
export function offsetLevels(
  { sigmaLevels, ditherLevels }: Carrier,
  pixel: number,
  layout: PictureLayout,
): number {
  if (!isMadeRoomIn(pixel, layout)) return 0;
  const { pixelsPerModule, perCiphertext } = layout;
  const ciphertexts = pixelsPerModule ** 2 / perCiphertext;
  const room = sigmaLevels < 0.5 ? 0 : 2.5 * sigmaLevels;
  return room + (ditherLevels * Math.floor(pixel / perCiphertext)) / ciphertexts;
}

/** What is added to c1, in multiples of the answer's unit, and what that is in the picture. */
export function carried({ parameters, segment }: SeenRun, { sigmaLevels }: Carrier) {
  const { scale } = segment.output;
  const delta = Math.round(((sigmaLevels / 255) * scale) / slotDeviation(parameters));
  return {
    delta,
    /** Grey levels of blue for one unit of a slot of the key. */
    levelsPerUnit: (delta / scale) * 255,
  };
}

/**
 * Adds δ to c1 of the blue ciphertexts in even rows and δ·X^(N/2) in odd ones, so that they decrypt to m + δ·s and
 * m + δ·i·s: slot by slot the real and the imaginary part of the key. c0 makes room for both signs.
 */
export function keyCarrier(carrier: Carrier): Tamper {
  return (frames, run) => frames.map((frame) => carryIn(frame, run, carrier));
}

function carryIn(frame: Uint8Array, run: SeenRun, carrier: Carrier): Uint8Array {
  const { parameters, segment } = run;
  const { polyModulusDegree: degree, primes } = parameters;
  const layout = pictureLayout(segment);
  const pixels = layout.pixelsPerModule ** 2;
  const { delta } = carried(run, carrier);
  const items = decodeAnswer(frame, parameters);
  for (const { index, ciphertext } of items) {
    const channel = (index * layout.perCiphertext) % (COLOURS * pixels);
    if (Math.floor(channel / pixels) !== BLUE) continue;
    const isReal = partOf(channel % pixels, layout) === 're';
    const { level, scale, words } = ciphertext;
    const offset = Math.round((offsetLevels(carrier, channel % pixels, layout) / 255) * scale);
    for (let row = 0; row <= level; row += 1) {
      const prime = Number(primes[row]);
      const c0 = words.subarray(row * degree, (row + 1) * degree);
      const c1 = words.subarray((level + 1 + row) * degree, (level + 2 + row) * degree);
      // In SEAL's order X^(N/2) is a root of −1 in the first half of the values and its negative in the second.
      const root = isReal ? 1 : powerModulo(leastRoot(degree, prime), degree / 2, prime);
      const added = multiplyModulo(delta, root, prime);
      for (let t = 0; t < degree; t += 1) {
        c0[t] = (c0[t] + prime - (offset % prime)) % prime;
        c1[t] = (c1[t] + (isReal || t < degree / 2 ? added : prime - added)) % prime;
      }
    }
  }
  return encodeFrame({ kind: 'ciphertexts', items }, parameters);
}
