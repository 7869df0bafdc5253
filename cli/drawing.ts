// A person's own drawing as a style: a module with a recipe, or a board that was painted over, and the features that draw it.
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { drawingError } from '../bench/style-figures.ts';
import { decodePicture } from '../src/app/style/picture-file.ts';
import { onnxOfGraph } from '../src/import/onnx/write-graph.ts';
import { importOnnx } from '../src/import/onnx/import-onnx.ts';
import type { Graph } from '../src/model/graph.ts';
import { type BoardFit, boardRecipe } from '../src/style/board.ts';
import { styleGraph } from '../src/style/graph.ts';
import type { Recipe } from '../src/style/recipe.ts';
import { type Style, styleById } from '../src/style/styles.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { FileError, parsed, readBytes } from './files.ts';
import { UsageError } from './usage.ts';

/** Feature networks, the cheapest first. */
const FEATURES = ['one', 'column', 'nine', 'stroke', 'cross', 'block', 'liquid', 'edge'] as const;

/** A drawing that is this near needs no larger network: a quarter of what an eye tells apart. */
const NEAR_ENOUGH = 0.001;

/** A style out of a drawing. */
export interface DrawnStyle {
  readonly style: Style;
  /** Its feature network, and what that is called. */
  readonly network: Graph;
  readonly features: string;
  /** Mean difference, 0 to 1, between what the network draws and the drawing. */
  readonly error: number;
  /** Of a board: how much of it neighbourhoods do not explain, see `BoardFit`. */
  readonly unexplained?: number;
}

/**
 * The style of the drawing at `path`, with the cheapest features that draw it: what a service is given is its whole network.
 * @throws FileError, UsageError
 */
export async function styleOfDrawing(path: string): Promise<DrawnStyle> {
  const { recipe, unexplained } = await recipeOf(path);
  const drawn = await fitted(recipe);
  return {
    ...drawn,
    style: { ...drawn.style, variant: resolve(path) },
    ...(unexplained !== undefined && { unexplained }),
  };
}

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

async function fitted(recipe: Recipe): Promise<DrawnStyle> {
  const { coverages } = recipe;
  let best: DrawnStyle | undefined;
  for (const features of FEATURES) {
    const model = `models/features-${features}.onnx`;
    const network = importOnnx(await loadModel(model), { inputShape: [1, 21, 21] });
    const { weight } = network.nodes[0] as { readonly weight?: { readonly shape: readonly number[] } };
    const channels = weight?.shape[0];
    // Taps are features as they are: just those networks have them.
    const areTaps = network.nodes.length === 1;
    if (coverages.kind === 'taps' && (!areTaps || channels !== coverages.taps.length)) continue;
    const style = styleOf(recipe, model, network);
    const error = drawingError(style, network, 2);
    if (!best || error < best.error) best = { style, network, features, error };
    if (error <= NEAR_ENOUGH) break;
  }
  if (best) return best;
  throw new UsageError('A drawing by taps takes 1 module, the 3 of a column, or all 9, in reading order.');
}

function styleOf(recipe: Recipe, model: string, network: Graph): Style {
  const style: Style = {
    ...styleById('gradient'),
    id: 'drawing',
    name: 'Drawing',
    description: 'A style out of a drawing.',
    model,
    field: 'diagonal',
    directions: [],
    recipe,
    networkFile: (modules, colours, pixelsPerModule) => {
      const graph = styleGraph(network, style, modules, colours, pixelsPerModule);
      return { name: `${graph.name}.onnx`, bytes: onnxOfGraph(graph) };
    },
  };
  return style;
}
