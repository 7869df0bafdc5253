// Draws the three example pictures beside the styles out of them: `node scripts/picture-sheet.ts` writes docs/gallery/pictures.png.
// Each code goes the whole way, encrypted, and is proven.
import { readFileSync, writeFileSync } from 'node:fs';
import { decodePicture } from '../src/app/style/picture-file.ts';
import { openPicture } from '../src/app/style/picture-source.ts';
import { styleCode } from '../src/app/style/pipeline.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { encodePng } from '../src/qr/png.ts';
import { resample } from '../src/qr/raster.ts';
import { PICTURE_KINDS } from '../src/style/picture/choice.ts';
import { pictureFields } from '../src/style/picture/fields.ts';
import { pictureStyle } from '../src/style/picture/picture-style.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { putOn, whiteSheet } from './sheet.ts';

const PICTURES = ['coffee', 'chelsea', 'rocket'];
const SIDE = 360;

const sheet = whiteSheet(1 + PICTURE_KINDS.length, PICTURES.length, SIDE);
const session = new StyleSession(nodeWorkers(1), loadModel);
for (const [row, name] of PICTURES.entries()) {
  const file = new URL(`../examples/pictures/${name}.jpg`, import.meta.url);
  const picture = decodePicture(new Uint8Array(readFileSync(file)));
  putOn(sheet, resample(picture, SIDE, SIDE), 0, row, SIDE);
  const source = openPicture(picture)();
  for (const [index, kind] of PICTURE_KINDS.entries()) {
    const style = pictureStyle({ kind, step: 0, seed: 1 }, (request) =>
      Promise.resolve(pictureFields(source, request)),
    );
    const { raster, report } = await styleCode(session, {
      text: `https://example.org/${name}`,
      ecc: 'Q',
      style,
      colours: style.defaultColours,
      pixelsPerModule: 8,
      backend: 'simd',
    });
    const shown = raster.width > SIDE ? resample(raster, SIDE, SIDE) : raster;
    putOn(sheet, shown, 1 + index, row, SIDE);
    const { untouched, readBefore } = report.correction;
    console.log(`${name} ${kind}: untouched ${untouched}, before ${JSON.stringify(readBefore)}`);
  }
}
session.close();
writeFileSync(new URL('../docs/gallery/pictures.png', import.meta.url), encodePng(sheet));
