// This side's own copy of the styles: their networks, and what the float network draws, to hold an answer against.
import { type Controls, inSlices, PAGE_SLICE_MS, yielding } from '../../base/controls.ts';
import type { Graph } from '../../model/graph.ts';
import { withoutFinders } from '../../style/drawing/eyes.ts';
import { packCoverage } from '../../style/edges.ts';
import type { PixelsPerModule } from '../../style/recipe.ts';
import type { StyleColours } from '../../style/colours.ts';
import { placeOf, type Style } from '../../style/styles.ts';
import { painterSteps, type StylePainterSteps } from '../../style/tables.ts';

/** Reads a file of the site's `public/` folder. */
export type ModelLoader = (path: string) => Promise<Uint8Array>;

// The networks fit every size; the importer wants one.
const ANY_SIZE = [1, 21, 21];

/** The styles' networks, loaded once. */
export class StyleReferences {
  readonly #load: ModelLoader;
  readonly #networks = new Map<string, Promise<Graph>>();
  /** The last one: a person tries texts in one style and size. */
  #painter: { readonly name: string; readonly paint: StylePainterSteps } | undefined;

  constructor(load: ModelLoader) {
    this.#load = load;
  }

  /** Loads the network of `style` ahead of its first use. */
  network(style: Style): Promise<Graph> {
    let network = this.#networks.get(style.model);
    if (!network) {
      network = this.#read(style.model);
      network.catch(() => this.#networks.delete(style.model));
      this.#networks.set(style.model, network);
    }
    return network;
  }

  /** The importer comes with the first network: a page is there before it. */
  async #read(path: string): Promise<Graph> {
    const [{ importOnnx }, bytes] = await Promise.all([
      import('../../import/onnx/import-onnx.ts'),
      this.#load(path),
    ]);
    return importOnnx(bytes, { inputShape: ANY_SIZE });
  }

  /**
   * What the float network makes of `dark`, the modules row by row, 1 for dark: `[3, side, side]` in 0 to 1, the style's
   * margin included; of a style that draws coverages alone, their packed picture. In slices: a page's thread draws it, and
   * answers meanwhile.
   * @throws SealedError `aborted`
   */
  async picture(
    style: Style,
    modules: number,
    colours: StyleColours,
    pixelsPerModule: PixelsPerModule,
    dark: ArrayLike<number>,
    { signal }: Pick<Controls, 'signal'> = {},
  ): Promise<Float32Array> {
    const network = await this.network(style);
    const place = placeOf(style, modules, colours, pixelsPerModule);
    const name = JSON.stringify([style.id, style.variant, place]);
    const pause = yielding(signal, 'style', PAGE_SLICE_MS);
    let painter = this.#painter;
    if (painter?.name !== name) {
      const paint = await inSlices(painterSteps(style.recipe, place, { by: 'network', network }), pause);
      this.#painter = painter = { name, paint };
    }
    const planes = await inSlices(painter.paint(withoutFinders(dark, modules)), pause);
    if (style.isPacked !== true) return planes;
    return packCoverage(planes.subarray(0, planes.length / 3), modules, pixelsPerModule);
  }
}
