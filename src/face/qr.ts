// `sealed-qr/qr`: what a code says, its modules, its picture, and the proof that it reads. Encrypts nothing.
import { scannerFiles } from '#platform/client';
import { loadScanners, type Scanners } from '../qr/scan.ts';

export { SealedError } from '../base/errors.ts';
export { type Raster, emptyRaster, type Rgb } from '../base/raster.ts';
export { buildPayload, type Payload } from '../qr/payload.ts';
export type { ContactPayload } from '../qr/payload/contact.ts';
export type { EventPayload } from '../qr/payload/event.ts';
export type { MailPayload, PhonePayload, SmsPayload } from '../qr/payload/message.ts';
export type { GeoPayload } from '../qr/payload/place.ts';
export type { TextPayload, UrlPayload } from '../qr/payload/text.ts';
export type { WifiPayload } from '../qr/payload/wifi.ts';
export type { SegmentMode } from '../qr/segments.ts';
export { readPayload } from '../qr/payload/fields.ts';
export { ERROR_CORRECTION_LEVELS, type ErrorCorrectionLevel } from '../qr/capacity.ts';
export { encodeQr, type QrCode, type QrOptions } from '../qr/matrix.ts';
export { correctAndProve, type Proof, type ProofInput, type ReadBy } from '../qr/prove.ts';
export type { CorrectionInput } from '../qr/correct.ts';
export type { Decoder, Scanners } from '../qr/scan.ts';
export { decodePng, encodePng } from '../qr/png.ts';
export { encodeSvg } from '../qr/svg.ts';

/**
 * The two decoders, zxing and zbar, loaded. Each returns the exact text of the first QR code in a picture, or null.
 * Whoever opens them disposes of them.
 *
 * @throws SealedError `load-failed`
 * @example
 * ```ts
 * const scanners = await openScanners();
 * const text = await scanners.zxing(decodePng(bytes));
 * ```
 */
export function openScanners(): Promise<Scanners> {
  return loadScanners(scannerFiles());
}
