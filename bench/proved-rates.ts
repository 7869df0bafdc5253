// One code as a style draws it, corrected and proven as the product does it; and the counts of many.
import type { Raster } from '../src/base/raster.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { MARGIN } from '../src/style/recipe.ts';
import { placeOf, type Style } from '../src/style/styles.ts';
import { type StyleGround, styleGround, type StylePainter, stylePainter } from '../src/style/tables.ts';
import type { Graph } from '../src/model/graph.ts';
import type { QrCode } from '../src/qr/matrix.ts';
import { exportGeometry, type ReadBy } from '../src/qr/prove.ts';
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

const painters = new Map<string, { readonly paint: StylePainter; readonly ground: StyleGround }>();
/** Painters keep the colours of every pixel: a few sizes of large codes fill a gigabyte. */
const MOST_PAINTERS = 24;

function painterOf({ style, network, code, pixelsPerModule }: DrawnCode): {
  readonly paint: StylePainter;
  readonly ground: StyleGround;
} {
  const name = `${style.id} ${code.modules} ${pixelsPerModule}`;
  let painter = painters.get(name);
  if (!painter) {
    const place = placeOf(style, code.modules, style.defaultColours, pixelsPerModule);
    painter = {
      paint: stylePainter(style.recipe, place, { by: 'network', network }),
      ground: styleGround(style.recipe, place, AROUND),
    };
    painters.set(name, painter);
    if (painters.size > MOST_PAINTERS) painters.delete(painters.keys().next().value!);
  }
  return painter;
}

/** Draws a code in the clear as the float network has it, corrects it and proves it. */
export async function proveDrawn(drawn: DrawnCode, scan: ScanRole): Promise<ProvedCode> {
  const { code, text, pixelsPerModule } = drawn;
  const { paint, ground } = painterOf(drawn);
  const side = (code.modules + 2 * MARGIN) * pixelsPerModule;
  const picture = rounded(paint(withoutFinders(code.dark, code.modules)), side);
  const around = { ...ground, around: AROUND };
  const proof = await scan.prove({ picture, code, pixelsPerModule, margin: MARGIN, ground: around, text });
  const pixels = (code.modules * exportGeometry(pixelsPerModule).modulePixels) ** 2;
  return { ...proof, changedShare: proof.changedPixels / pixels, read: proof.scan };
}

/** Planes of 0 … 1 as the 8-bit picture that a run hands out. */
export function rounded(planes: Float32Array, side: number): Raster {
  const data = new Uint8Array(3 * side * side);
  const pixels = side * side;
  for (let i = 0; i < pixels; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      data[3 * i + c] = Math.max(0, Math.min(255, Math.round(255 * planes[c * pixels + i])));
    }
  }
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
