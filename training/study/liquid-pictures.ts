// The task in which nonlinearity is needed: the liquid style at one pixel a module, which is the mean of its drawing over each module.
import { styleById } from '../../src/style/styles.ts';
import type { QrCode } from '../../src/qr/matrix.ts';
import { type ModelLoader, StyleReferences } from '../../src/app/style/reference.ts';
import { STUDY_STYLES } from '../../src/app/study/gradients.ts';

/** Pixels a module that are averaged. */
const PIXELS = 8;

/** Draws codes in liquid, small: a module's colour depends on its eight neighbours, not on itself alone. */
export class LiquidPictures {
  readonly #references: StyleReferences;

  constructor(load: ModelLoader) {
    this.#references = new StyleReferences(load);
  }

  /** `code` as `[3, n, n]` of 0 to 1, in the study's green and orange on white. */
  async planes({ modules, dark }: Pick<QrCode, 'modules' | 'dark'>): Promise<Float32Array> {
    const [start, end] = STUDY_STYLES.green_orange;
    const colours = { start, end, background: [255, 255, 255] } as const;
    const large = await this.#references.picture(styleById('liquid'), modules, colours, PIXELS, dark);
    const side = Math.sqrt(large.length / 3);
    const margin = (side - modules * PIXELS) / 2;
    const planes = new Float32Array(3 * modules * modules);
    for (const i of planes.keys()) {
      const [row, column] = [Math.floor(i / modules) % modules, i % modules];
      const from =
        Math.floor(i / modules ** 2) * side * side +
        (margin + row * PIXELS) * side +
        margin +
        column * PIXELS;
      let sum = 0;
      for (let y = 0; y < PIXELS; y++) for (let x = 0; x < PIXELS; x++) sum += large[from + y * side + x];
      planes[i] = sum / PIXELS ** 2;
    }
    return planes;
  }
}
