// When two requests ask for the same picture.
import { sameColours } from '../../style/colours.ts';
import { sameStyle } from '../../style/styles.ts';
import type { StyleRequest } from './pipeline.ts';

/** How each part of a request is compared; a part that is forgotten here does not compile. */
const SAME: { readonly [Part in keyof StyleRequest]: (a: StyleRequest, b: StyleRequest) => boolean } = {
  text: (a, b) => a.text === b.text,
  ecc: (a, b) => a.ecc === b.ecc,
  style: (a, b) => sameStyle(a.style, b.style),
  colours: (a, b) => sameColours(a.colours, b.colours),
  pixelsPerModule: (a, b) => a.pixelsPerModule === b.pixelsPerModule,
  backend: (a, b) => a.backend === b.backend,
  snap: (a, b) => (a.snap ?? true) === (b.snap ?? true),
};

/** Whether `a` and `b` ask for the same picture: by values, since equal styles and colours may be objects of their own. */
export function samePicture(a: StyleRequest, b: StyleRequest): boolean {
  return Object.values(SAME).every((isSame) => isSame(a, b));
}
