// `sealed-qr style new` and `style board`: from a drawing, a module or a board painted over, to a style that is checked and has its card.
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { drawingError, planFigures, readsAsDrawn } from '../bench/style-figures.ts';
import { OTHER_DECODERS } from '../bench/other-decoders.ts';
import { decodePicture } from '../src/app/style/picture-file.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import type { Graph } from '../src/model/graph.ts';
import { loadScanners } from '../src/qr/scan.ts';
import { encodePng } from '../src/qr/png.ts';
import { type BoardFit, boardRecipe, drawBoard } from '../src/style/board.ts';
import type { Recipe } from '../src/style/recipe.ts';
import { type Style, styleById } from '../src/style/styles.ts';
import { scannerFiles } from '../workers/platform/node-client.ts';
import { choice, parseArguments, wholeNumber } from './arguments.ts';
import { checkOutputs, FileError, parsed, readBytes, writeOutput } from './files.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { UsageError } from './usage.ts';

/** Feature networks, the cheapest first. */
const FEATURES = ['one', 'column', 'nine', 'stroke', 'cross', 'block', 'liquid', 'edge'] as const;

/** A drawing that is this near needs no larger network: a quarter of what an eye tells apart. */
const NEAR_ENOUGH = 0.001;

const VERSIONS = [1, 2, 4, 6, 8, 10];

/** The recipe of the drawing at `path`, and of a board what it cannot follow. @throws FileError */
async function recipeOf(path: string): Promise<Pick<BoardFit, 'recipe'> & Partial<BoardFit>> {
  if (!/\.[cm]?[jt]s$/.test(path)) {
    const bytes = await readBytes('The board', path);
    return parsed(path, () => boardRecipe(decodePicture(bytes)));
  }
  let module: { readonly default?: unknown };
  try {
    // eslint-disable-next-line sealed-qr/readable-imports -- the person's own recipe
    module = (await import(pathToFileURL(resolve(path)).href)) as typeof module;
  } catch (error) {
    throw new FileError(`The drawing ${path} cannot be loaded: ${String(error)}`, error);
  }
  const recipe = module.default as Partial<Recipe> | undefined;
  if (typeof recipe?.scene === 'function' && recipe.coverages) return { recipe: recipe as Recipe };
  throw new FileError(`The drawing ${path} has no recipe as its default export: coverages and scene.`);
}

/** The style of `recipe` with the cheapest features that draw it, and how far they are from it. */
async function fitted(
  recipe: Recipe,
): Promise<{ style: Style; network: Graph; features: string; error: number }> {
  const { coverages } = recipe;
  let best: { style: Style; network: Graph; features: string; error: number } | undefined;
  for (const features of FEATURES) {
    const model = `models/features-${features}.onnx`;
    const style: Style = {
      ...styleById('gradient'),
      name: 'New',
      model,
      field: 'diagonal',
      directions: [],
      recipe,
    };
    const network = importOnnx(await loadModel(model), { inputShape: [1, 21, 21] });
    const { weight } = network.nodes[0] as { readonly weight?: { readonly shape: readonly number[] } };
    const channels = weight?.shape[0];
    // Taps are features as they are: just those networks have them.
    const areTaps = network.nodes.length === 1;
    if (coverages.kind === 'taps' && (!areTaps || channels !== coverages.taps.length)) continue;
    const error = drawingError(style, network, 2);
    if (!best || error < best.error) best = { style, network, features, error };
    if (error <= NEAR_ENOUGH) break;
  }
  if (best) return best;
  throw new UsageError('A drawing by taps takes 1 module, the 3 of a column, or all 9, in reading order.');
}

/** Runs the command. @throws UsageError, SealedError */
export async function runStyleNew(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, {
    codes: { type: 'string', default: '60' },
    card: { type: 'string' },
    force: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0)
    throw new UsageError('style new takes one drawing: a .ts or .js module, or a board (PNG or JPEG).');
  const codes = wholeNumber('codes', values.codes, 1, 10_000);
  const cardFile = values.card === undefined ? undefined : { name: '--card', path: values.card };
  const drawing = { name: 'the drawing', path };
  if (cardFile) await checkOutputs([cardFile], [drawing], { replace: values.force });
  const started = performance.now();
  const { recipe, unexplained } = await recipeOf(path);
  const { style, network, features, error } = await fitted(recipe);
  const fittedMs = performance.now() - started;
  const figures = planFigures(style, network);
  const scanners = await loadScanners(scannerFiles());
  const perVersion = Math.ceil(codes / VERSIONS.length);
  const random = seededRandom(5);
  const rate = await readsAsDrawn(style, network, VERSIONS, perVersion, random, scanners, OTHER_DECODERS);
  scanners.dispose();
  const seconds = { fit: fittedMs / 1000, all: (performance.now() - started) / 1000 };
  const measured = { drawing: path, features, drawingError: error };
  const card = {
    ...measured,
    ...(unexplained !== undefined && { unexplained }),
    ...figures,
    reads: rate,
    seconds,
  };
  if (cardFile) await writeOutput(cardFile, new TextEncoder().encode(`${JSON.stringify(card, null, 2)}\n`));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(card)}\n`);
    return;
  }
  const reads = Object.entries(rate.read).map(([name, count]) => `${name} ${count}`);
  const left = unexplained === undefined ? '' : `, ${unexplained.toFixed(3)} of the board left out as grain`;
  process.stdout.write(
    `features ${features}, mean error ${error.toExponential(1)}${left}, ${figures.levels} levels, ` +
      `read as drawn of ${rate.codes}: ${reads.join(', ')}; fitted in ${seconds.fit.toFixed(1)} s\n`,
  );
}

/** Writes the board of all neighbourhoods. @throws UsageError, FileError */
export async function runStyleBoard(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArguments(args, {
    out: { type: 'string' },
    pixels: { type: 'string', default: '16' },
    force: { type: 'boolean', default: false },
  });
  if (positionals.length > 0) throw new UsageError('style board takes no text.');
  if (values.out === undefined) throw new UsageError('--out FILE.png is missing.');
  const out = { name: '--out', path: values.out };
  await checkOutputs([out], [], { replace: values.force });
  await writeOutput(out, encodePng(drawBoard(choice('pixels', values.pixels, [16, 8] as const))));
}
