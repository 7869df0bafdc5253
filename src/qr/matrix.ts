// Text to QR code: segments, version, mask and the module matrix (ISO/IEC 18004).
import { create } from 'qrcode';
import type { QRCode, QRCodeErrorCorrectionLevel, QRCodeMaskPattern, QRCodeSegment } from 'qrcode';
import { SealedError } from '../base/errors.ts';
import type { ErrorCorrectionLevel } from './capacity.ts';
import { bitCapacity, byteCapacity, ECI_HEADER_BITS, ERROR_CORRECTION_LEVELS } from './capacity.ts';
import { functionModules } from './geometry.ts';
import type { Segment, SegmentMode } from './segments.ts';
import { headerBits, LAST_OF_RANGE, segmentBits, segmentCapacity, shortestSegments } from './segments.ts';

export type { ErrorCorrectionLevel };

/** A QR Code symbol (ISO/IEC 18004), without its quiet zone. */
export interface QrCode {
  /** 1..40. */
  readonly version: number;
  readonly ecc: ErrorCorrectionLevel;
  /** Data mask pattern, 0..7. */
  readonly mask: number;
  /** Side length in modules, 17 + 4·version. */
  readonly modules: number;
  /** modules² bytes, row-major, 1 = dark. */
  readonly dark: Uint8Array;
  /** modules² bytes, row-major, 1 = finder, separator, timing, alignment, format, version, dark module. */
  readonly functionModules: Uint8Array;
  /** Length of the text in UTF-8. */
  readonly payloadBytes: number;
  /** The modes of its segments, in order; `eci` announces that the bytes after it are UTF-8. */
  readonly modes: readonly (SegmentMode | 'eci')[];
  /** Bits of all segments with their headers, of the {@link bitCapacity} that it has. */
  readonly dataBits: number;
}

/** Choices of {@link encodeQr}; what is left out is chosen: level M, the smallest version, the best mask. */
export interface QrOptions {
  readonly ecc?: ErrorCorrectionLevel | undefined;
  /** 1..40. */
  readonly version?: number | undefined;
  /** 0..7. */
  readonly mask?: number | undefined;
}

/** What `qrcode` asks of a segment once built; see {@link utf8Segments}. */
interface BuiltSegment {
  readonly mode: { readonly bit: number; readonly ccBits: readonly number[] };
  getLength(): number;
  getBitsLength(): number;
  write(buffer: { put(value: number, bits: number): void }): void;
}

/** Mode indicators (table 2). */
const MODE_INDICATORS: ReadonlyMap<number, SegmentMode | 'eci'> = new Map([
  [0b0001, 'numeric'],
  [0b0010, 'alphanumeric'],
  [0b0100, 'byte'],
  [0b0111, 'eci'],
]);

/**
 * The segments "ECI 26 (UTF-8)" and "bytes". Without the ECI header the standard says ISO 8859-1 and readers
 * guess: zbar reads every Greek and Cyrillic text as Big5. `qrcode` has no ECI mode, but it asks the array it
 * is given to `reduce` itself into built segments, and an ECI header (mode 0111, 8-bit designator) has the very
 * form of a segment with an 8-bit count of 26 and no data. The round-trip tests hold this to account.
 */
function utf8Segments(bytes: Uint8Array): QRCodeSegment[] {
  const eci: BuiltSegment = {
    mode: { bit: 0b0111, ccBits: [8, 8, 8] },
    getLength: () => 26,
    getBitsLength: () => 0,
    write: () => undefined,
  };
  const data: BuiltSegment = {
    mode: { bit: 0b0100, ccBits: [8, 16, 16] },
    getLength: () => bytes.length,
    getBitsLength: () => bytes.length * 8,
    write: (buffer) => {
      for (const byte of bytes) buffer.put(byte, 8);
    },
  };
  return Object.assign([], { reduce: () => [eci, data] });
}

function checkOptions(text: string, { ecc, version, mask }: QrOptions): void {
  const invalid = (message: string): SealedError =>
    new SealedError('invalid-argument', message, { stage: 'qr' });
  if (text === '') throw invalid('There is no text to put into the code. Type some.');
  if (!text.isWellFormed()) {
    throw invalid('The text holds half of a surrogate pair, which no reader could return. Type it again.');
  }
  if (ecc !== undefined && !ERROR_CORRECTION_LEVELS.includes(ecc)) {
    throw invalid('The error correction level is one of L, M, Q and H.');
  }
  if (version !== undefined && !(Number.isInteger(version) && version >= 1 && version <= 40)) {
    throw invalid('The version of a QR code is a whole number from 1 to 40.');
  }
  if (mask !== undefined && !(Number.isInteger(mask) && mask >= 0 && mask <= 7)) {
    throw invalid('The mask of a QR code is a whole number from 0 to 7.');
  }
}

/** What a text takes of a code, and what a code holds, in one unit. */
interface Demand {
  readonly unit: 'bytes' | 'digits' | 'characters';
  readonly size: number;
  readonly capacity: (ecc: ErrorCorrectionLevel) => number;
  /** What the unit counts, where that is not the text itself. */
  readonly says?: string;
}

/** What `text` takes of a code of `version`, counted as its mode counts. */
function demandOf(text: string, bytes: number, version: number): Demand {
  if (bytes !== text.length) {
    return { unit: 'bytes', size: bytes, capacity: (ecc) => byteCapacity(version, ecc, true) };
  }
  const segments = shortestSegments(text, version);
  if (segments.length > 1) {
    // Several modes: bytes of the code itself, headers included.
    const size = Math.ceil(segmentBits(segments, version) / 8);
    const says = `The text takes ${size} bytes of a code, in several modes.`;
    return { unit: 'bytes', size, capacity: (ecc) => bitCapacity(version, ecc) / 8, says };
  }
  const [{ mode }] = segments;
  const unit = { byte: 'bytes', numeric: 'digits', alphanumeric: 'characters' }[mode] as Demand['unit'];
  return {
    unit,
    size: text.length,
    capacity: (ecc) => segmentCapacity(mode, bitCapacity(version, ecc), version),
  };
}

function tooLong(text: string, bytes: number, ecc: ErrorCorrectionLevel, version?: number): SealedError {
  const { unit, size, capacity, says } = demandOf(text, bytes, version ?? 40);
  const fits = ERROR_CORRECTION_LEVELS.map((level) => [level, capacity(level)] as const);
  const list = fits.map(([level, count]) => `${count} at level ${level}`).join(', ');
  const best = fits.findLast(([, count]) => count >= size)?.[0];
  const advice: string[] = [];
  if (best !== undefined) advice.push('choose a lower level');
  if (version !== undefined) advice.push('choose a higher version');
  advice.push('shorten the text');
  return new SealedError(
    'payload-too-long',
    `${says ?? `The text has ${size} ${unit}.`} ` +
      `${version === undefined ? 'A QR code' : `Version ${version}`} holds ${list}. ` +
      `Please ${advice.join(' or ')}.${best === undefined ? '' : ` Level ${best} holds it.`}`,
    { stage: 'qr', detail: { [unit]: size, ecc, ...Object.fromEntries(fits) } },
  );
}

function build(data: string | QRCodeSegment[], ecc: ErrorCorrectionLevel, options: QrOptions): QRCode {
  return create(data, {
    errorCorrectionLevel: ecc satisfies QRCodeErrorCorrectionLevel,
    version: options.version,
    maskPattern: options.mask as QRCodeMaskPattern | undefined,
  });
}

/** The smallest version, or `fixed`, that holds ASCII `text`, and the segments to do it with; null if none does. */
function smallestFit(
  text: string,
  ecc: ErrorCorrectionLevel,
  fixed: number | undefined,
): { readonly version: number; readonly segments: readonly Segment[] } | null {
  // The headers, hence the segments, are the same within a range of versions.
  for (const last of fixed === undefined ? LAST_OF_RANGE : [fixed]) {
    const segments = shortestSegments(text, last);
    const bits = segmentBits(segments, last);
    const first = fixed ?? (LAST_OF_RANGE[LAST_OF_RANGE.indexOf(last) - 1] ?? 0) + 1;
    for (let version = first; version <= last; version++) {
      if (bits <= bitCapacity(version, ecc)) return { version, segments };
    }
  }
  return null;
}

/** The symbol for ASCII text, or null if it does not fit. */
function buildAscii(text: string, ecc: ErrorCorrectionLevel, options: QrOptions): QRCode | null {
  const fit = smallestFit(text, ecc, options.version);
  if (fit === null) return null;
  try {
    const mixed = build(text, ecc, options);
    if (mixed.version <= fit.version) return mixed;
  } catch {
    // The options are checked, so too long is all that is left for it to complain of: then the exact segments do it.
  }
  // `qrcode`'s search for the best mix is not exhaustive.
  return build(
    fit.segments.map(({ mode, data }) => ({ mode, data }) as QRCodeSegment),
    ecc,
    { ...options, version: fit.version },
  );
}

/** The modes and bits of the segments that `qrcode` put into `symbol`. */
function segmentsOf({ segments, version }: QRCode): Pick<QrCode, 'modes' | 'dataBits'> {
  const built = segments as unknown as readonly BuiltSegment[];
  const modes = built.map(({ mode }) => MODE_INDICATORS.get(mode.bit)!);
  const bits = built.map((segment, i) => {
    const mode = modes[i];
    return mode === 'eci' ? ECI_HEADER_BITS : headerBits(mode, version) + segment.getBitsLength();
  });
  return { modes, dataBits: bits.reduce((sum, each) => sum + each, 0) };
}

/**
 * The QR code of `text`: every reader that follows the standard returns exactly this text. Text beyond ASCII is
 * announced as UTF-8 by an ECI header. Kanji mode is never used. Throws `invalid-argument` for empty or
 * ill-formed text and for options out of range, `payload-too-long` (with what fits at each level, in the
 * units of the mode that the text has) when the version given, or version 40, cannot hold it.
 */
export function encodeQr(text: string, options: QrOptions = {}): QrCode {
  checkOptions(text, options);
  const ecc = options.ecc ?? 'M';
  const bytes = new TextEncoder().encode(text);
  const eci = bytes.length !== text.length;
  let symbol: QRCode | null;
  if (!eci) symbol = buildAscii(text, ecc, options);
  else if (bytes.length > byteCapacity(options.version ?? 40, ecc, true)) symbol = null;
  else symbol = build(utf8Segments(bytes), ecc, options);
  if (!symbol) throw tooLong(text, bytes.length, ecc, options.version);
  return {
    version: symbol.version,
    ecc,
    mask: symbol.maskPattern ?? 0,
    modules: symbol.modules.size,
    dark: Uint8Array.from(symbol.modules.data),
    functionModules: functionModules(symbol.version),
    payloadBytes: bytes.length,
    ...segmentsOf(symbol),
  };
}
