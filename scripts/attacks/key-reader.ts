// The active attack's second half: from published PNGs, and from nothing else that is secret, the key that they carry.
import { StyleReferences } from '../../src/app/style/reference.ts';
import type { Raster } from '../../src/base/raster.ts';
import { pictureOf } from '../../src/plan/finish.ts';
import { createCorrector, type Corrector } from '../../src/qr/correct.ts';
import { encodeQr, type QrCode } from '../../src/qr/matrix.ts';
import { decodePng } from '../../src/qr/png.ts';
import { exportGeometry } from '../../src/qr/prove.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { MARGIN } from '../../src/style/recipe.ts';
import { groundOf, honestPlanes, type PublicStyle } from './drawing.ts';
import {
  BLUE,
  carried,
  type Carrier,
  isMadeRoomIn,
  offsetLevels,
  partOf,
  type PictureLayout,
  pictureLayout,
} from './key-carrier.ts';
import type { SeenRun } from './hostile-service.ts';
import type { Measurements } from './ternary-solver.ts';

/** A picture as the attacker finds it, with the run that its service saw. */
export interface Publication {
  readonly png: Uint8Array;
  readonly run: SeenRun;
}

/** Sums over pixels that show the same part of the same slot. */
interface Cell {
  readonly levels: number[];
  readonly slopes: number[];
}

/** What a cell comes to. */
interface Estimate {
  readonly levels: number;
  readonly variance: number;
  readonly weight: number;
}

type Shown = readonly [part: 're' | 'im', slot: number, estimate: Estimate];

/** A picture without a key in it. */
interface Expected {
  /** Its bytes. */
  readonly base: Uint8Array;
  /** What one more grey level of blue, before the correction, adds to a byte. */
  readonly slope: Float32Array;
  /** What rounding before the correction added to blue, in grey levels, row by row and without the quiet zone. */
  readonly rounded: Float32Array;
}

// A picture is compared with what it would be at each strength of correction.
const STRENGTHS = Array.from({ length: 9 }, (_, step) => step / 8);

/** Blue is moved by this many grey levels to see how far a correction passes it on. */
const PROBE_LEVELS = 2;

/** Reads what pictures show of a key. */
export class KeyReader {
  readonly #references: StyleReferences;
  readonly #scanners: Scanners;
  readonly #carrier: Carrier;
  readonly #known = new WeakMap<Publication, Promise<readonly Shown[]>>();

  constructor(loadModel: (path: string) => Promise<Uint8Array>, scanners: Scanners, carrier: Carrier) {
    this.#references = new StyleReferences(loadModel);
    this.#scanners = scanners;
    this.#carrier = carrier;
  }

  /** The text of a picture; null where none is read. */
  async textOf(png: Uint8Array): Promise<string | null> {
    const raster = decodePng(png);
    return (await this.#scanners.zxing(raster)) ?? (await this.#scanners.zbar(raster));
  }

  /**
   * What pictures show of one key, if one key is in them all: slots' parts in units of the key.
   * @param publications of runs under the same parameters
   */
  async measure(publications: readonly Publication[], drawn: PublicStyle): Promise<Measurements> {
    const slots = publications[0].run.parameters.slots;
    const sums = { re: new Float64Array(slots), im: new Float64Array(slots) };
    const weights = { re: new Float64Array(slots), im: new Float64Array(slots) };
    const unweighted = { energy: 0, count: 0 };
    for (const publication of publications) {
      const { run } = publication;
      const { levelsPerUnit: unit } = carried(run, this.#carrier);
      for (const [part, slot, estimate] of await this.#estimates(publication, drawn)) {
        // X^(N/2) is i at roots ζ^(1 mod 4), which are those of even slots, and −i at the others.
        const sign = part === 're' || slot % 2 === 1 ? 1 : -1;
        const { weight } = estimate;
        sums[part][slot] += (sign * weight * estimate.levels) / unit;
        weights[part][slot] += weight;
        unweighted.energy += estimate.variance / unit ** 2;
        unweighted.count += 1;
      }
    }
    const mean = (part: 're' | 'im'): Float64Array =>
      sums[part].map((sum, slot) => (weights[part][slot] > 0 ? sum / weights[part][slot] : NaN));
    // Beside rounding: the correction is not quite linear, and the fit of what it does is not quite right.
    const variance = 1 + unweighted.energy / Math.max(1, unweighted.count);
    return { re: mean('re'), im: mean('im'), variance };
  }

  /** What one picture shows, slot by slot and part by part; found once. */
  #estimates(publication: Publication, drawn: PublicStyle): Promise<readonly Shown[]> {
    const known = this.#known.get(publication);
    if (known) return known;
    const found = this.#cells(publication, drawn).then((cells) =>
      [...cells].flatMap(([part, slot, cell]): Shown[] => {
        const estimate = robustMean(cell);
        return estimate ? [[part, slot, estimate]] : [];
      }),
    );
    this.#known.set(publication, found);
    return found;
  }

  /** The pixels of a picture, by the slot and part that they show. */
  async #cells(
    { png, run }: Publication,
    drawn: PublicStyle,
  ): Promise<Iterable<['re' | 'im', number, Cell]>> {
    const text = await this.textOf(png);
    const layout = pictureLayout(run.segment);
    const { pixelsPerModule: p, modules, perCiphertext, blockSlots, tilePositions } = layout;
    const code = text === null ? undefined : encodeQr(text, { ecc: drawn.ecc });
    if (code?.modules !== modules - 2 * MARGIN) return [];
    const published = decodePng(png);
    const before = exportGeometry(p).border - MARGIN * p;
    const { base, slope, rounded } = await this.#expected(published, code, drawn, layout);
    const cells = new Map<number, ['re' | 'im', number, Cell]>();
    for (let y = 0; y < modules * p; y += 1) {
      for (let x = 0; x < modules * p; x += 1) {
        const at = 3 * ((y + before) * published.width + x + before) + BLUE;
        const isClipped = [base[at], published.data[at]].some((blue) => blue < 2 || blue > 253);
        if (isClipped || slope[at] < 0.3) continue;
        const position = Math.floor(y / p) * modules + Math.floor(x / p);
        const pixel = (y % p) * p + (x % p);
        if (!isMadeRoomIn(pixel, layout)) continue;
        const part = partOf(pixel, layout);
        const slot = (pixel % perCiphertext) * blockSlots + (position % tilePositions);
        const name = 2 * slot + Number(part === 'im');
        const [, , cell] = cells.get(name) ?? [part, slot, { levels: [], slopes: [] }];
        cells.set(name, [part, slot, cell]);
        cell.levels.push((published.data[at] - base[at]) / slope[at] + rounded[y * modules * p + x]);
        cell.slopes.push(slope[at]);
      }
    }
    return cells.values();
  }

  /** What the picture would be without a key in it, and by how much a grey level of blue would change each of its bytes. */
  async #expected(
    published: Raster,
    code: QrCode,
    drawn: PublicStyle,
    layout: PictureLayout,
  ): Promise<Expected> {
    const p = drawn.pixelsPerModule;
    const planes = await honestPlanes(this.#references, code, drawn);
    const side = layout.modules * p;
    const blue = BLUE * side * side;
    const darkened = (more: number): Float32Array => {
      const moved = planes.slice();
      for (let at = 0; at < side * side; at += 1) {
        const pixel = (Math.floor(at / side) % p) * p + (at % p);
        moved[blue + at] -= (offsetLevels(this.#carrier, pixel, layout) + more) / 255;
      }
      return moved;
    };
    const ground = groundOf(code, drawn);
    const correctorOf = (values: Float32Array): Corrector =>
      createCorrector({ ...ground, picture: pictureOf([3, side, side], [], values, undefined) });
    const { border } = exportGeometry(p);
    const exact = darkened(0);
    const draw = closestDrawing(correctorOf(exact), published, border);
    const base = draw(correctorOf(exact));
    const [darker, lighter] = [PROBE_LEVELS, -PROBE_LEVELS].map((more) => draw(correctorOf(darkened(more))));
    const slope = Float32Array.from(base, (_, i) => (lighter[i] - darker[i]) / (2 * PROBE_LEVELS));
    const rounded = exact.subarray(blue).map((value) => Math.round(255 * value) - 255 * value);
    return { base, slope, rounded };
  }
}

/** Which of the corrections, or none, was made of the published picture, by the colours that carry nothing. */
function closestDrawing(
  corrector: Corrector,
  published: Raster,
  border: number,
): (corrector: Corrector) => Uint8Array {
  const drawings = [
    (each: Corrector) => each.uncorrected(border).data,
    ...STRENGTHS.map((strength) => (each: Corrector) => each.at(strength, border).data),
  ];
  let best = { distance: Infinity, draw: drawings[0] };
  for (const draw of drawings) {
    const picture = draw(corrector);
    let distance = 0;
    for (let i = 0; i < picture.length; i += 3) distance += Math.abs(picture[i] - published.data[i]);
    if (distance < best.distance) best = { distance, draw };
    if (distance === 0) break;
  }
  return best.draw;
}

/** The mean of a cell without pixels that the correction has moved; undefined where too few are left. */
function robustMean({ levels, slopes }: Cell): Estimate | undefined {
  const sorted = levels.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  let [sum, squares, weight, count] = [0, 0, 0, 0];
  for (const [i, level] of levels.entries()) {
    if (Math.abs(level - median) > 1.5 / slopes[i]) continue;
    const own = slopes[i] ** 2;
    sum += own * level;
    squares += own * level ** 2;
    weight += own;
    count += 1;
  }
  if (count < 2) return undefined;
  const mean = sum / weight;
  const scatter = Math.max(squares / weight - mean ** 2, 1 / 12);
  return { levels: mean, variance: scatter / count, weight };
}
