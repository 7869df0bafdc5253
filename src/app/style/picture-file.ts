// Reads a picture from a file's bytes where there is no browser to do it: PNG and JPEG.
import { decode, type RawImageData } from 'jpeg-js';
import { SealedError } from '../../base/errors.ts';
import { emptyRaster, type Raster } from '../../base/raster.ts';
import { decodePng } from '../../qr/png.ts';

/** Largest picture that is read, in millions of pixels, and the memory that decoding may take, in MB. */
const LIMITS = { maxResolutionInMP: 64, maxMemoryUsageInMB: 1024 };

/** The picture in the PNG or JPEG file `bytes`. @throws SealedError `invalid-argument` for anything else */
export function decodePicture(bytes: Uint8Array): Raster {
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  return isJpeg ? decodeJpeg(bytes) : decodePng(bytes);
}

function decodeJpeg(bytes: Uint8Array): Raster {
  let picture: RawImageData<Uint8Array>;
  try {
    picture = decode(bytes, { useTArray: true, tolerantDecoding: false, ...LIMITS });
  } catch (cause) {
    throw new SealedError('invalid-argument', 'This JPEG picture cannot be read: save it anew, or as PNG.', {
      stage: 'style',
      cause,
    });
  }
  const raster = emptyRaster(picture.width, picture.height);
  for (let i = 0; i < picture.width * picture.height; i += 1) {
    for (let c = 0; c < 3; c += 1) raster.data[3 * i + c] = picture.data[4 * i + c];
  }
  return raster;
}
