// Luma by Rec. 601, what barcode readers look at, and moving a colour's luma without its hue.

/** Rec. 601 weights; zxing uses (306R + 601G + 117B) / 1024, zbar-wasm 19595, 38469, 7472 of 65536. */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/** Luma of a colour, 0..255 for channels 0..255 (ITU-R BT.601-7, clause 2.5.1). */
export function luma(r: number, g: number, b: number): number {
  return RED * r + GREEN * g + BLUE * b;
}

/**
 * Writes the colour (r, g, b) moved to luma `target` into `out` at `at`: towards white to raise, towards black to
 * lower. Both leave the HSV hue as it is and never clip a channel. `target` is clamped to 0..255.
 */
export function writeWithLuma(
  out: Uint8Array,
  at: number,
  r: number,
  g: number,
  b: number,
  target: number,
): void {
  const current = luma(r, g, b);
  const wanted = Math.min(255, Math.max(0, target));
  if (wanted >= current) {
    const white = current >= 255 ? 0 : (wanted - current) / (255 - current);
    out[at] = Math.round(r + white * (255 - r));
    out[at + 1] = Math.round(g + white * (255 - g));
    out[at + 2] = Math.round(b + white * (255 - b));
  } else {
    const keep = wanted / current;
    out[at] = Math.round(r * keep);
    out[at + 1] = Math.round(g * keep);
    out[at + 2] = Math.round(b * keep);
  }
}
