// One code as a style draws it, corrected and proven as the product does it; and the counts of many.
import { styleCode, type StyleRequest } from '../src/app/style/pipeline.ts';
import type { StyleSession } from '../src/app/style/style-session.ts';
import { asSealedError } from '../src/base/errors.ts';
import type { Raster } from '../src/base/raster.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { MARGIN } from '../src/style/recipe.ts';
import { placeOf, type Style } from '../src/style/styles.ts';
import { type StyleGround, styleGround, type StylePainter, stylePainter } from '../src/style/tables.ts';
import type { Graph } from '../src/model/graph.ts';
import { toRgb } from '../src/plan/finish.ts';
import type { QrCode } from '../src/qr/matrix.ts';
import { exportGeometry, type Proof, type ReadBy } from '../src/qr/prove.ts';
import type { ScanRole } from '../src/qr/scan-role.ts';

/** Modules of the style's ground round a code: the quiet zone and half a block more. */
const AROUND = 5;

/** What is known of one code. */
export interface ProvedCode {
  /** Read as drawn at the export's size, before any correction. */
  readonly readBefore: ReadBy;
  /** Handed out as it was drawn. */
  readonly untouched: boolean;
  /** Share of the code's pixels that the correction changed. */
  readonly changedShare: number;
  /** Read in the end, at every size. */
  readonly read: ReadBy;
  /** Largest difference from the float network, where it was encrypted. */
  readonly error?: number | undefined;
}

/** What is to be drawn. */
export interface DrawnCode {
  readonly style: Style;
  readonly network: Graph;
  readonly code: QrCode;
  readonly text: string;
  readonly pixelsPerModule: number;
}

/** What draws codes of one size. */
interface Painter {
  readonly modules: number;
  readonly pixelsPerModule: number;
  readonly paint: StylePainter;
  readonly ground: StyleGround & { readonly around: number };
}

/** Of each style for the size asked for last: a painter keeps the colours of every pixel. */
const painters = new WeakMap<Style, Painter>();

async function painterOf({ style, network, code, pixelsPerModule }: DrawnCode): Promise<Painter> {
  const { modules } = code;
  const known = painters.get(style);
  if (known?.modules === modules && known.pixelsPerModule === pixelsPerModule) return known;
  await style.prepare?.(modules);
  const place = placeOf(style, modules, style.defaultColours, pixelsPerModule);
  const around = AROUND + (style.frame ?? 0);
  const painter = {
    modules,
    pixelsPerModule,
    paint: stylePainter(style.recipe, place, { by: 'network', network }),
    ground: { ...styleGround(style.recipe, place, around), around },
  };
  painters.set(style, painter);
  return painter;
}

async function proveOnce(drawn: DrawnCode, scan: ScanRole): Promise<Proof> {
  const { code, text, pixelsPerModule, style } = drawn;
  const { paint, ground } = await painterOf(drawn);
  const side = (code.modules + 2 * MARGIN) * pixelsPerModule;
  const picture = rounded(paint(withoutFinders(code.dark, code.modules)), side);
  const sizes = { pixelsPerModule, margin: MARGIN, frame: style.frame };
  return scan.prove({ picture, code, ...sizes, ground, text });
}

/**
 * Draws a code in the clear as the float network has it, corrects it and proves it; where it does not read as drawn, its
 * style's fallbacks are tried, as in a run.
 */
export async function proveDrawn(drawn: DrawnCode, scan: ScanRole): Promise<ProvedCode> {
  const { code, pixelsPerModule, style } = drawn;
  const first = await proveOnce(drawn, scan);
  let proof = first;
  for (const candidate of style.fallbacks ?? []) {
    if (proof.untouched) break;
    const next = await proveOnce({ ...drawn, style: candidate }, scan);
    if (next.untouched || !proof.proven) proof = next;
  }
  const pixels = (code.modules * exportGeometry(pixelsPerModule).modulePixels) ** 2;
  const changedShare = proof.changedPixels / pixels;
  // The one tried first says how often the style reads as drawn.
  return { readBefore: first.readBefore, untouched: first.untouched, changedShare, read: proof.scan };
}

/** Makes a code as the product does, encrypted, corrected and proven: what no correction makes readable counts as unread. */
export async function proveStyled(session: StyleSession, request: StyleRequest): Promise<ProvedCode> {
  try {
    const { report, code } = await styleCode(session, request);
    const { correction, scan: read, precision } = report;
    const pixels = (code.modules * exportGeometry(request.pixelsPerModule).modulePixels) ** 2;
    const changedShare = correction.changedPixels / pixels;
    return { ...correction, changedShare, read, error: precision?.maxAbsError };
  } catch (thrown) {
    const error = asSealedError(thrown);
    if (error.code !== 'not-scannable') throw error;
    const none = { zxing: false, zbar: false };
    return { readBefore: none, untouched: false, changedShare: 1, read: none };
  }
}

/** Planes of 0 … 1 as the 8-bit picture that a run hands out. */
export function rounded(planes: Float32Array, side: number): Raster {
  const data = toRgb({ shape: [3, side, side], values: planes });
  return { width: side, height: side, data };
}

/** Counts of the codes of one style. */
export interface ProvedRate {
  readonly codes: number;
  /** Of them, those that were encrypted, and the largest difference from the float network among those. */
  readonly encrypted: number;
  readonly largestError: number;
  /** Read as drawn at 8 pixels a module. */
  readonly before: { readonly zxing: number; readonly zbar: number };
  readonly encryptedBefore: { readonly zxing: number; readonly zbar: number };
  /** Handed out as drawn: read at every size, and with a camera's contrast. */
  readonly untouched: number;
  /** Read in the end, at every size. */
  readonly corrected: { readonly zxing: number; readonly zbar: number };
  /** Of the shares of pixels that the correction changed. */
  readonly medianChanged: number;
  readonly meanChanged: number;
}

/** Adds up what is known of the codes of one style. */
export class RateTally {
  readonly #codes: (ProvedCode & { readonly isEncrypted: boolean })[] = [];

  add(code: ProvedCode, isEncrypted: boolean): void {
    this.#codes.push({ ...code, isEncrypted });
  }

  rate(): ProvedRate {
    const codes = this.#codes;
    const encrypted = codes.filter(({ isEncrypted }) => isEncrypted);
    const readers = (of: readonly ReadBy[]): { zxing: number; zbar: number } => ({
      zxing: of.filter(({ zxing }) => zxing).length,
      zbar: of.filter(({ zbar }) => zbar).length,
    });
    const changed = codes.map(({ changedShare }) => changedShare).sort((a, b) => a - b);
    const mean = changed.reduce((sum, value) => sum + value, 0) / Math.max(1, changed.length);
    return {
      codes: codes.length,
      encrypted: encrypted.length,
      largestError: Math.max(0, ...encrypted.map(({ error = 0 }) => error)),
      before: readers(codes.map(({ readBefore }) => readBefore)),
      encryptedBefore: readers(encrypted.map(({ readBefore }) => readBefore)),
      untouched: codes.filter(({ untouched }) => untouched).length,
      corrected: readers(codes.map(({ read }) => read)),
      medianChanged: changed[Math.floor(changed.length / 2)] ?? 0,
      meanChanged: Number(mean.toFixed(4)),
    };
  }
}
