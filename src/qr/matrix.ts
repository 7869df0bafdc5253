// Text to QR code: segments, version, mask and the module matrix (ISO/IEC 18004).
import { create } from 'qrcode';
import type { QRCode, QRCodeErrorCorrectionLevel, QRCodeMaskPattern, QRCodeSegment } from 'qrcode';
import { SealedError } from '../base/errors.ts';
import type { ErrorCorrectionLevel } from './capacity.ts';
import { byteCapacity, ERROR_CORRECTION_LEVELS, smallestByteVersion } from './capacity.ts';
import { functionModules } from './geometry.ts';

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

function tooLong(bytes: number, eci: boolean, ecc: ErrorCorrectionLevel, version?: number): SealedError {
  const fits = ERROR_CORRECTION_LEVELS.map(
    (level) => [level, byteCapacity(version ?? 40, level, eci)] as const,
  );
  const list = fits.map(([level, count]) => `${count} at level ${level}`).join(', ');
  const advice: string[] = [];
  if (fits.some(([level, count]) => level !== ecc && count >= bytes)) advice.push('choose a lower level');
  if (version !== undefined) advice.push('choose a higher version');
  advice.push('shorten the text');
  return new SealedError(
    'payload-too-long',
    `The text has ${bytes} bytes. ${version === undefined ? 'A QR code' : `Version ${version}`} holds ${list}. ` +
      `Please ${advice.join(' or ')}.`,
    { stage: 'qr', detail: { bytes, ecc, ...Object.fromEntries(fits) } },
  );
}

function build(data: string | QRCodeSegment[], ecc: ErrorCorrectionLevel, options: QrOptions): QRCode {
  return create(data, {
    errorCorrectionLevel: ecc satisfies QRCodeErrorCorrectionLevel,
    version: options.version,
    maskPattern: options.mask as QRCodeMaskPattern | undefined,
  });
}

/** `qrcode`'s own mix of numeric, alphanumeric and byte segments, or null where that mix does not fit. */
function buildMixed(text: string, ecc: ErrorCorrectionLevel, options: QrOptions): QRCode | null {
  try {
    return build(text, ecc, options);
  } catch {
    // The options are checked, so too long is all that is left for it to complain of.
    return null;
  }
}

/** The symbol for ASCII text, or null if it does not fit. */
function buildAscii(
  text: string,
  bytes: Uint8Array,
  ecc: ErrorCorrectionLevel,
  options: QrOptions,
): QRCode | null {
  const mixed = buildMixed(text, ecc, options);
  // The search for the best mix is not exhaustive: one plain byte segment is sometimes shorter.
  const plainVersion = smallestByteVersion(bytes.length, ecc, false);
  if (plainVersion === null || plainVersion > (options.version ?? 40)) return mixed;
  if (mixed && mixed.version <= plainVersion) return mixed;
  return build([{ data: bytes, mode: 'byte' }], ecc, options);
}

/**
 * The QR code of `text`: every reader that follows the standard returns exactly this text. Text beyond ASCII is
 * announced as UTF-8 by an ECI header. Kanji mode is never used. Throws `invalid-argument` for empty or
 * ill-formed text and for options out of range, `payload-too-long` (with the bytes that fit at each level) when
 * the version given, or version 40, cannot hold it.
 */
export function encodeQr(text: string, options: QrOptions = {}): QrCode {
  checkOptions(text, options);
  const ecc = options.ecc ?? 'M';
  const bytes = new TextEncoder().encode(text);
  const eci = bytes.length !== text.length;
  let symbol: QRCode | null;
  if (!eci) symbol = buildAscii(text, bytes, ecc, options);
  else if (bytes.length > byteCapacity(options.version ?? 40, ecc, true)) symbol = null;
  else symbol = build(utf8Segments(bytes), ecc, options);
  if (!symbol) throw tooLong(bytes.length, eci, ecc, options.version);
  return {
    version: symbol.version,
    ecc,
    mask: symbol.maskPattern ?? 0,
    modules: symbol.modules.size,
    dark: Uint8Array.from(symbol.modules.data),
    functionModules: functionModules(symbol.version),
    payloadBytes: bytes.length,
  };
}
