// Getting the picture out: files and the clipboard.
import type { StyledCode } from '../../../app/style/pipeline.ts';
import { encodePng } from '../../../qr/png.ts';
import { encodeSvg } from '../../../qr/svg.ts';

/** The formats a code can be saved in. */
export const EXPORT_FORMATS = ['png', 'svg'] as const;

/** One of {@link EXPORT_FORMATS}. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

function blobOf({ raster }: StyledCode, format: ExportFormat): Blob {
  // The title says what it is and not what it holds: file listings and screen readers show it to others.
  if (format === 'svg') return new Blob([encodeSvg(raster, 'QR code')], { type: 'image/svg+xml' });
  return new Blob([Uint8Array.from(encodePng(raster))], { type: 'image/png' });
}

/** Saves the picture as `sealed-qr-<style>.<format>`. */
export function save(styled: StyledCode, format: ExportFormat): void {
  const url = URL.createObjectURL(blobOf(styled, format));
  const link = document.createElement('a');
  link.href = url;
  link.download = `sealed-qr-${styled.report.style}.${format}`;
  link.click();
  // The download has taken its reference by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Copies the picture to the clipboard. @returns whether the browser allowed it */
export async function copyPicture(styled: StyledCode): Promise<boolean> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blobOf(styled, 'png') })]);
    return true;
  } catch {
    // Old browsers lack it, others ask or forbid: the caller says what to do instead.
    return false;
  }
}
