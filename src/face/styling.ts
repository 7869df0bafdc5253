// Styling with defaults for everything but the text: what the package's sessions and clients share.
import type { BackendName } from '../app/session/backends.ts';
import type { RunControls } from '../app/session/stages.ts';
import { styleCode } from '../app/style/pipeline.ts';
import type { StyleReport } from '../app/style/report.ts';
import type { StyleSession } from '../app/style/style-session.ts';
import { SealedError } from '../base/errors.ts';
import type { Raster, Rgb } from '../base/raster.ts';
import { ERROR_CORRECTION_LEVELS, type ErrorCorrectionLevel } from '../qr/capacity.ts';
import { encodePng } from '../qr/png.ts';
import { encodeSvg } from '../qr/svg.ts';
import { type Direction, DIRECTIONS } from '../style/colour-field.ts';
import { COLOUR_NAMES, type ColourName, fromHex, type StyleColours } from '../style/colours.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../style/graph.ts';
import type { PixelsPerModule } from '../style/recipe.ts';
import { directed, type Style, styleById } from '../style/styles.ts';

/** How a code is to be drawn. */
export interface StyleOptions extends RunControls {
  /** Id of one of `STYLES`, `liquid` unless given. */
  readonly style?: string;
  /** Error correction level: `L`, `M`, `Q` or `H`; `M` unless given. */
  readonly ecc?: ErrorCorrectionLevel;
  /** Colours as `#rrggbb` or `[red, green, blue]` of 0 to 255; the style's own where one is not given. */
  readonly colours?: Partial<Record<ColourName, string | Rgb>>;
  /** Which way the gradient runs, of styles that have a straight one. */
  readonly direction?: Direction;
  /** Pixels per module drawn by the network: 8 unless given, or 4 for an answer a quarter the size. */
  readonly pixelsPerModule?: PixelsPerModule;
  /** `simd` unless given, or `seal`: encrypted, by the kernel or by Microsoft SEAL; `clear`: the same plan simulated. */
  readonly backend?: BackendName;
  /** Whether to hand out the float network's values, to which the decrypted ones were held, and not these; unless false. */
  readonly snap?: boolean;
}

/** A styled code, read back by two decoders. */
export interface StyledFiles {
  /** The picture as a PNG file, quiet zone included. */
  readonly png: Uint8Array;
  /** The same picture as an SVG document. Its title says that it is a QR code, and not what it holds. */
  readonly svg: string;
  /** The same picture as pixels. */
  readonly raster: Raster;
  /** What it took, how much was corrected, and which decoders read it. */
  readonly report: StyleReport;
}

/** A session for styled codes. */
export class StylingSession implements Disposable {
  readonly #session: StyleSession;

  /** @internal */
  constructor(session: StyleSession) {
    this.#session = session;
  }

  /** Starts the workers and has each load all it will need, so that the first code waits for less. */
  warm(): Promise<void> {
    return this.#session.warm();
  }

  /**
   * Styles a QR code of `text` under encryption, corrects it, and proves that it reads.
   *
   * @throws SealedError `not-scannable` when no correction makes both decoders read the exact text; `payload-too-long`;
   *   `invalid-argument` for a style, level or direction that there is not; whatever a stage throws
   */
  async styleCode(text: string, options: StyleOptions = {}): Promise<StyledFiles> {
    const { ecc = 'M', colours, backend = 'simd', snap, signal, onStage } = options;
    const style = styleOf(options);
    requireOneOf('error correction level', ecc, ERROR_CORRECTION_LEVELS);
    const pixelsPerModule = options.pixelsPerModule ?? DEFAULT_PIXELS_PER_MODULE;
    const { raster, report } = await styleCode(
      this.#session,
      { text, ecc, style, colours: coloursOf(style, colours), pixelsPerModule, backend, snap },
      { signal, onStage },
    );
    return { png: encodePng(raster), svg: encodeSvg(raster, 'QR code'), raster, report };
  }

  /** Ends every worker; the keys are gone with the client's. */
  close(): void {
    this.#session.close();
  }

  /** The same as {@link StylingSession.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function styleOf({ style: id = 'liquid', direction }: StyleOptions): Style {
  const style = styleById(id);
  if (direction === undefined) return style;
  requireOneOf('direction', direction, DIRECTIONS);
  return directed(style, direction);
}

function coloursOf(style: Style, wanted: StyleOptions['colours'] = {}): StyleColours {
  const colourOf = (name: ColourName): Rgb => {
    const colour = wanted[name] ?? style.defaultColours[name];
    if (typeof colour !== 'string') return colour;
    if (/^#[0-9a-f]{6}$/i.test(colour)) return fromHex(colour);
    throw new SealedError('invalid-argument', `The ${name} colour needs to look like #1a2b3c.`, {
      stage: 'style',
    });
  };
  const [start, end, background] = COLOUR_NAMES.map(colourOf);
  return { start, end, background };
}

/** For callers in plain JavaScript. */
function requireOneOf<T extends string>(what: string, value: T, known: readonly T[]): void {
  if (known.includes(value)) return;
  throw new SealedError('invalid-argument', `The ${what} must be one of: ${known.join(', ')}.`, {
    stage: 'input',
  });
}
