// What is measured of a style without encrypting anything: its plan, how near it is to its drawing, how often it reads as drawn.
import type { Raster } from '../src/base/raster.ts';
import type { Random } from '../src/base/seeded-random.ts';
import { compile } from '../src/compiler/compile.ts';
import type { Graph } from '../src/model/graph.ts';
import { checkParameters } from '../src/params/parameters.ts';
import { COST_TABLES } from '../src/plan/cost-tables.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { createCorrector } from '../src/qr/correct.ts';
import { exportGeometry } from '../src/qr/prove.ts';
import { resample } from '../src/qr/raster.ts';
import { DECODERS, type Decoder, type Scanners } from '../src/qr/scan.ts';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { styleGraph } from '../src/style/graph.ts';
import { MARGIN } from '../src/style/recipe.ts';
import type { StyleCard } from '../src/style/style-card.ts';
import { placeOf, type Style } from '../src/style/styles.ts';
import { styleGround, stylePainter } from '../src/style/tables.ts';
import { randomPayload, sampleCodes } from '../training/payloads.ts';
import { rounded } from './proved-rates.ts';

const PIXELS = 8;
const AROUND = 5;

/** Sizes that are read: as exported, and at half. */
const SCALES = [1, 0.5];

/** What the plan of `style` at version 2 takes. */
export function planFigures(
  style: Style,
  network: Graph,
): Pick<
  StyleCard,
  | 'levels'
  | 'polyModulusDegree'
  | 'logQP'
  | 'rotationKeys'
  | 'relinearizes'
  | 'keyBytes'
  | 'requestBytes'
  | 'responseBytes'
> {
  const graph = styleGraph(network, style, 25, style.defaultColours, PIXELS);
  const { interface: face } = compile(graph, {
    costs: COST_TABLES.simd,
    picture: true,
    prefer: 'small-keys',
  });
  const [segment] = face.segments;
  const { polyModulusDegree, logQP, maxLevel } = checkParameters(face.parameters);
  const { keyBytes, requestBytes, responseBytes } = face.expected;
  return {
    levels: maxLevel,
    polyModulusDegree,
    logQP,
    rotationKeys: segment.rotationSteps.length,
    relinearizes: segment.relinearize,
    keyBytes,
    requestBytes,
    responseBytes,
  };
}

/** Mean difference, 0 to 1, between what the network draws and the recipe says, over some codes. */
export function drawingError(style: Style, network: Graph, codes = 4): number {
  let sum = 0;
  let count = 0;
  for (const { dark, modules } of sampleCodes(977, codes, 1, 4)) {
    const place = placeOf(style, modules, style.defaultColours, PIXELS);
    const data = withoutFinders(dark, modules);
    const drawn = stylePainter(style.recipe, place, { by: 'drawing' })(data);
    const computed = stylePainter(style.recipe, place, { by: 'network', network })(data);
    drawn.forEach((value, i) => (sum += Math.abs(value - Math.min(1, Math.max(0, computed[i])))));
    count += drawn.length;
  }
  return sum / count;
}

/** Codes that read as drawn, by decoder and size. */
export interface Rate {
  codes: number;
  /** Those with a camera's contrast. */
  contrast: number;
  /** By `zxing 8 px` and the like. */
  readonly read: Record<string, number>;
}

/** Reads `perVersion` fresh codes of each of `versions` in `style`, before any correction, levels mixed, by zxing, zbar and `others`. */
export async function readsAsDrawn(
  style: Style,
  network: Graph,
  versions: readonly number[],
  perVersion: number,
  random: Random,
  scanners: Pick<Scanners, Decoder>,
  others: Readonly<Record<string, (raster: Raster) => string | null>> = {},
): Promise<Rate> {
  const rate: Rate = { codes: 0, contrast: 0, read: {} };
  const { border } = exportGeometry(PIXELS);
  for (const version of versions) {
    const modules = 17 + 4 * version;
    const place = placeOf(style, modules, style.defaultColours, PIXELS);
    const paint = stylePainter(style.recipe, place, { by: 'network', network });
    const ground = styleGround(style.recipe, place, AROUND);
    const [light, foreground] = [colourAt(ground.light), colourAt(ground.dark)];
    for (let i = 0; i < perVersion; i += 1) {
      const ecc = ERROR_CORRECTION_LEVELS[Math.floor(4 * random())];
      const { code, text } = randomPayload(random, version, ecc);
      const picture = rounded(paint(withoutFinders(code.dark, modules)), (modules + 2 * MARGIN) * PIXELS);
      const drawing = { picture, code, pixelsPerModule: PIXELS, margin: MARGIN, light, foreground };
      const corrector = createCorrector(drawing);
      const framed = corrector.uncorrected(border);
      rate.codes += 1;
      rate.contrast += Number(corrector.hasContrast());
      for (const scale of SCALES) {
        const side = Math.round(scale * framed.width);
        const seen = scale === 1 ? framed : resample(framed, side, side);
        for (const decoder of DECODERS) {
          const name = `${decoder} ${PIXELS * scale} px`;
          const isRead = (await scanners[decoder](seen)) === text;
          rate.read[name] = (rate.read[name] ?? 0) + Number(isRead);
        }
        for (const [decoder, read] of Object.entries(others)) {
          const name = `${decoder} ${PIXELS * scale} px`;
          rate.read[name] = (rate.read[name] ?? 0) + Number(read(seen) === text);
        }
      }
    }
  }
  return rate;
}

function colourAt({ width, data }: Raster): (x: number, y: number) => [number, number, number] {
  return (x, y) => {
    const at = 3 * ((y + AROUND * PIXELS) * width + x + AROUND * PIXELS);
    return [data[at], data[at + 1], data[at + 2]];
  };
}
