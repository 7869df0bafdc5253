// Builds the graph of one style for one QR size: features of the neighbourhood, coverages, colours of the place, pixels.
import type { Graph, Node, Tensor } from '../model/graph.ts';
import type { StyleColours } from './colours.ts';
import { packedBlock } from './edges.ts';
import { coverageCount, featureGraph } from './features.ts';
import { MARGIN, type PixelsPerModule } from './recipe.ts';
import { placeOf, type Style } from './styles.ts';
import { colourTables, coverageWeights } from './tables.ts';

/** What is drawn unless asked otherwise. */
export const DEFAULT_PIXELS_PER_MODULE: PixelsPerModule = 8;

const COLOURS = 3;

/**
 * The whole style for a code of `modules` by `modules`: input `[1, modules, modules]` with 1 for dark modules and the
 * finder patterns light, output `[3, side, side]`, side = (modules + 2·margin)·pixelsPerModule, RGB in 0 … 1 (slightly
 * beyond where the network overshoots). With coverages a of the neighbourhood, a pixel is light + Σ a_k·delta_k, whose
 * light and deltas are tables of the place: no table depends on the code, and no coverage on the place.
 *
 * @param network - the style's feature network as imported, of any height and width
 * @throws SealedError `malformed-model` if the network is not a feature network, see `featureGraph`
 */
export function styleGraph(
  network: Graph,
  style: Style,
  modules: number,
  colours: StyleColours,
  pixelsPerModule: PixelsPerModule,
): Graph {
  if (style.isPacked === true) return packedGraph(network, style, modules, pixelsPerModule);
  const features = featureGraph(network, modules, MARGIN);
  const side = modules + 2 * MARGIN;
  const pixels = pixelsPerModule ** 2;
  const perPixel = coverageCount(style.recipe.coverages);
  const { light, deltas } = colourTables(style.recipe, placeOf(style, modules, colours, pixelsPerModule));
  const coverages = coverageNodes(network, style, features.output, side, pixelsPerModule);
  const copies = Array<string>((COLOURS * pixels * perPixel) / coverages.channels).fill(coverages.output);
  const all = [COLOURS * pixels * perPixel, side, side];
  const picture = [COLOURS * pixels, side, side];
  const colouring: Node[] = [
    { id: 'copies', op: 'concat', axis: 0, inputs: copies, shape: all },
    {
      id: 'coloured',
      op: 'mulConstant',
      constant: { shape: all, data: deltas },
      inputs: ['copies'],
      shape: all,
    },
    ...(perPixel > 1 ? [sumNode('coloured', perPixel, picture)] : []),
    {
      id: 'onLight',
      op: 'addConstant',
      constant: { shape: picture, data: light },
      inputs: [perPixel > 1 ? 'sums' : 'coloured'],
      shape: picture,
    },
    {
      id: 'picture',
      op: 'depthToSpace',
      block: pixelsPerModule,
      mode: 'CRD',
      inputs: ['onLight'],
      shape: [COLOURS, side * pixelsPerModule, side * pixelsPerModule],
    },
  ];
  return {
    name: `${style.id}-${modules}x${modules}-${pixelsPerModule}px`,
    input: features.input,
    nodes: [...features.nodes, ...coverages.nodes, ...colouring],
    output: 'picture',
  };
}

/** The coverages alone, as planes of the packed picture (see edges.ts): `[3, b·N, b·N]`. No colour is in it. */
function packedGraph(network: Graph, style: Style, modules: number, pixelsPerModule: PixelsPerModule): Graph {
  const features = featureGraph(network, modules, MARGIN);
  const side = modules + 2 * MARGIN;
  const positions = side * side;
  const perPixel = coverageCount(style.recipe.coverages);
  const pixels = pixelsPerModule ** 2;
  const block = packedBlock(pixelsPerModule);
  const channels = COLOURS * block ** 2;
  const coverages = coverageNodes(network, style, features.output, side, pixelsPerModule, channels);
  const { deltas } = colourTables(
    style.recipe,
    placeOf(style, modules, style.defaultColours, pixelsPerModule),
  );
  // The powers of the bend: those of one colour do, and channels beyond the last pixel stay empty.
  const bends = new Float32Array(channels * perPixel * positions);
  bends.set(deltas.subarray(0, pixels * perPixel * positions));
  const all = [channels * perPixel, side, side];
  const packed = [channels, side, side];
  const bent: Node[] = [
    {
      id: 'bent',
      op: 'mulConstant',
      constant: { shape: all, data: bends },
      inputs: [coverages.output],
      shape: all,
    },
    sumNode('bent', perPixel, packed),
    {
      id: 'picture',
      op: 'depthToSpace',
      block,
      mode: 'CRD',
      inputs: ['sums'],
      shape: [COLOURS, side * block, side * block],
    },
  ];
  return {
    name: `${style.id}-${modules}x${modules}-${pixelsPerModule}px`,
    input: features.input,
    nodes: [...features.nodes, ...coverages.nodes, ...bent],
    output: 'picture',
  };
}

/** The features as coverages, pixel by pixel, or as they are where the recipe chooses among taps. */
function coverageNodes(
  network: Graph,
  { recipe }: Style,
  features: string,
  side: number,
  pixelsPerModule: number,
  pixels = pixelsPerModule ** 2,
): { readonly nodes: readonly Node[]; readonly output: string; readonly channels: number } {
  const weights = coverageWeights(network, recipe, pixelsPerModule);
  if (!weights) return { nodes: [], output: features, channels: coverageCount(recipe.coverages) };
  const { features: inputs, data } = weights;
  const row = inputs + 1;
  // Pixels beyond the module's own have no weights.
  const outputs = pixels * coverageCount(recipe.coverages);
  const at = (index: number): number => (index < data.length ? data[index] : 0);
  const weight: Tensor = {
    shape: [outputs, inputs, 1, 1],
    data: Float32Array.from({ length: outputs * inputs }, (_, i) =>
      at(Math.floor(i / inputs) * row + (i % inputs)),
    ),
  };
  const bias: Tensor = {
    shape: [outputs],
    data: Float32Array.from({ length: outputs }, (_, o) => at(o * row + inputs)),
  };
  const node: Node = {
    id: 'coverages',
    op: 'conv2d',
    ...PLAIN,
    groups: 1,
    weight,
    bias,
    inputs: [features],
    shape: [outputs, side, side],
  };
  return { nodes: [node], output: 'coverages', channels: outputs };
}

const PLAIN = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;

/** Sums of `perPixel` channels side by side. */
function sumNode(input: string, perPixel: number, shape: readonly number[]): Node {
  const weight: Tensor = {
    shape: [shape[0], perPixel, 1, 1],
    data: new Float32Array(shape[0] * perPixel).fill(1),
  };
  return { id: 'sums', op: 'conv2d', ...PLAIN, groups: shape[0], weight, inputs: [input], shape };
}
