// A picture file as pixels, by the browser's own decoders: JPEG, PNG, WebP, and whatever else it knows.
import { SealedError } from '../../../base/errors.ts';
import { emptyRaster, type Raster } from '../../../base/raster.ts';

/** Longer sides are scaled down to this: styles need no more. */
const LONGEST_SIDE = 1600;

/** The pixels of `file`, on white where it is transparent. @throws SealedError `invalid-argument` for what is no picture */
export async function readPicture(file: Blob): Promise<Raster> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    const message = 'This browser cannot read that file as a picture: choose a JPEG, PNG or WebP file.';
    throw new SealedError('invalid-argument', message, { stage: 'style', cause });
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const raster = emptyRaster(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) raster.data[3 * i + c] = data[4 * i + c];
  }
  return raster;
}

/** `raster` for a canvas. */
export function imageOf({ width, height, data }: Raster): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = data[3 * i + c];
    image.data[4 * i + 3] = 255;
  }
  return image;
}
