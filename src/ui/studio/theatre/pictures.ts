// Pictures of what each place sees: the plain code, and a ciphertext.
import type { QrCode } from '../../../qr/matrix.ts';

/** Modules of quiet zone around the plain code, as wide as around the styled one. */
const QUIET_ZONE = 4;

/** `code` at one pixel a module, dark modules opaque black and light ones transparent, with its quiet zone. */
export function plainPicture({ modules, dark }: QrCode): ImageData {
  const side = modules + 2 * QUIET_ZONE;
  const image = new ImageData(side, side);
  for (let y = 0; y < modules; y += 1) {
    for (let x = 0; x < modules; x += 1) {
      image.data[4 * ((y + QUIET_ZONE) * side + x + QUIET_ZONE) + 3] = dark[y * modules + x] ? 255 : 0;
    }
  }
  return image;
}

/** Bytes of a frame before its first residue, rounded up: they are the same in every frame and no secret. */
const FRAME_HEADER_BYTES = 32;

/**
 * A ciphertext as a picture, `width` by `height`: each pixel is one residue (32 bits, little-endian) of `frame`, its
 * low bytes giving lightness and hue. Nothing is smoothed or invented; uniformly random residues look like this.
 */
export function cipherPicture(frame: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const words = Math.floor((frame.byteLength - FRAME_HEADER_BYTES) / 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    // Spread over the whole frame, so that the picture changes with any part of it.
    const word = Math.floor((pixel * words) / (width * height));
    const at = FRAME_HEADER_BYTES + 4 * word;
    const light = (frame[at] ?? 0) / 255;
    const hue = (frame[at + 1] ?? 0) / 255;
    const bright = light ** 1.6;
    image.data[4 * pixel] = 22 + bright * (118 + 70 * hue);
    image.data[4 * pixel + 1] = 18 + bright * (120 + 36 * (1 - hue));
    image.data[4 * pixel + 2] = 52 + bright * 203;
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}
