// Builds the graph of one style for one QR size: the shape network, then colours, then pixels.

import { SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Node, type NodeOf, type Tensor } from '../model/graph.ts';
import type { StyleColours } from './colours.ts';
import { TILE_PIXELS, TILE_SIDE } from './reference.ts';
import { foregroundOf, type Style } from './styles.ts';

/** Pixels along one side of a module in the picture: 8 as the networks are trained, 4 for large codes. */
export type PixelsPerModule = 8 | 4;

/** What is drawn unless asked otherwise. */
export const DEFAULT_PIXELS_PER_MODULE: PixelsPerModule = 8;

const COLOUR_CHANNELS = 3;

/** Id of the coverage in the graphs built here. */
const COVERAGE = 'coverage';

/**
 * The whole style for a code of `modules` by `modules`: input `[1, modules, modules]` with 1 for dark modules, output
 * `[3, side, side]`, side = modules · pixelsPerModule, RGB in 0 … 1 (slightly beyond where the network overshoots).
 * With coverage α of the shape network, foreground F and background B, a pixel is α·(F − B) + B.
 *
 * @param network - the style's shape network as imported, of any height and width
 * @throws SealedError `malformed-model` if the network is not a shape network, see {@link shapeGraph}
 */
export function styleGraph(
  network: Graph,
  style: Style,
  modules: number,
  colours: StyleColours,
  pixelsPerModule: PixelsPerModule,
): Graph {
  const shape = shapeGraph(network, modules, pixelsPerModule);
  const side = modules * pixelsPerModule;
  const channels = COLOUR_CHANNELS * pixelsPerModule ** 2;
  const shapeOfAll = [channels, modules, modules];
  const colouring: Node[] = [
    { id: 'three', op: 'concat', axis: 0, inputs: [COVERAGE, COVERAGE, COVERAGE], shape: shapeOfAll },
    {
      id: 'coloured',
      op: 'mulConstant',
      constant: colourField(style, colours, modules, pixelsPerModule),
      inputs: ['three'],
      shape: shapeOfAll,
    },
    {
      id: 'onBackground',
      op: 'addConstant',
      constant: backgroundField(colours, pixelsPerModule),
      inputs: ['coloured'],
      shape: shapeOfAll,
    },
    {
      id: 'picture',
      op: 'depthToSpace',
      block: pixelsPerModule,
      mode: 'CRD',
      inputs: ['onBackground'],
      shape: [COLOUR_CHANNELS, side, side],
    },
  ];
  return {
    name: `${style.id}-${modules}x${modules}-${pixelsPerModule}px`,
    input: shape.input,
    nodes: [...shape.nodes, ...colouring],
    output: 'picture',
  };
}

/**
 * The shape network alone for `modules` by `modules`: input `[1, modules, modules]`, output the coverage
 * `[pixelsPerModule², modules, modules]` in the channel order of `referenceCoverage`. For 4 pixels a module the mean
 * over 2×2 pixels is folded into the last convolution.
 *
 * @throws SealedError `malformed-model` unless the network is a chain of size-preserving convolutions, squares and
 *   polynomials from one channel to 64, ending in a convolution
 */
export function shapeGraph(network: Graph, modules: number, pixelsPerModule: PixelsPerModule): Graph {
  const input = { id: network.input.id, shape: [1, modules, modules] };
  let previous = input.id;
  let channels = 1;
  const last = network.nodes.length - 1;
  const nodes = network.nodes.map((node, index): Node => {
    if (node.inputs.some((id) => id !== previous))
      throw notAShapeNetwork(`layer ${index + 1} skips its predecessor`);
    const sized = resized(node, index, channels, modules);
    const output = index === last ? lastConvolution(sized, pixelsPerModule) : sized;
    channels = output.shape[0]!;
    // The last layer gets a fixed name for the colouring to refer to; the others keep theirs.
    const id = index === last ? COVERAGE : `shape/${node.id}`;
    const inputs = [index === 0 ? input.id : `shape/${previous}`];
    previous = node.id;
    return { ...output, id, inputs };
  });
  if (nodes.length === 0 || network.output !== previous)
    throw notAShapeNetwork('its output is not its last layer');
  return { name: `${network.name}-coverage`, input, nodes, output: COVERAGE };
}

/** `node` for `modules` by `modules`, after checking that it keeps the size and fits `channels` inputs. */
function resized(node: Node, index: number, channels: number, modules: number): Node {
  const keep = [channels, modules, modules];
  switch (node.op) {
    case 'conv2d': {
      const [outputs, inputs, height, width] = node.weight.shape as [number, number, number, number];
      const [top, left, bottom, right] = node.pads;
      const keepsSize =
        node.strides.every((stride) => stride === 1) &&
        top + bottom === node.dilations[0] * (height - 1) &&
        left + right === node.dilations[1] * (width - 1);
      if (!keepsSize || node.groups !== 1 || inputs !== channels) {
        throw notAShapeNetwork(
          `layer ${index + 1} changes the size or takes ${inputs} channels, not ${channels}`,
        );
      }
      return { ...node, shape: [outputs, modules, modules] };
    }
    case 'square':
    case 'polynomial':
      return { ...node, shape: keep };
    case 'multiply':
      // Exporters write x² as x·x; every input has been checked to be the predecessor.
      return { id: node.id, op: 'square', inputs: [node.inputs[0]], shape: keep };
    default:
      throw notAShapeNetwork(`layer ${index + 1} is a ${node.op}`);
  }
}

function lastConvolution(node: Node, pixelsPerModule: PixelsPerModule): NodeOf<'conv2d'> {
  if (node.op !== 'conv2d' || node.shape[0] !== TILE_PIXELS) {
    throw notAShapeNetwork(`its last layer is not a convolution to ${TILE_PIXELS} channels`);
  }
  if (pixelsPerModule === TILE_SIDE) return node;
  const { bias, ...rest } = node;
  return {
    ...rest,
    weight: averagePixels(node.weight, pixelsPerModule),
    ...(bias && { bias: averagePixels(bias, pixelsPerModule) }),
    shape: [pixelsPerModule ** 2, ...node.shape.slice(1)],
  };
}

/** `[64, …]` to `[pixelsPerModule², …]`: the mean over the pixels of the trained tile that fall into one. */
function averagePixels(values: Tensor, pixelsPerModule: PixelsPerModule): Tensor {
  const shape = [pixelsPerModule ** 2, ...values.shape.slice(1)];
  const row = elementCount(values.shape) / TILE_PIXELS;
  const block = TILE_SIDE / pixelsPerModule;
  const data = new Float32Array(elementCount(shape));
  for (let pixel = 0; pixel < TILE_PIXELS; pixel++) {
    const y = Math.floor(pixel / TILE_SIDE / block);
    const x = Math.floor((pixel % TILE_SIDE) / block);
    const target = (y * pixelsPerModule + x) * row;
    for (let i = 0; i < row; i++) data[target + i] += values.data[pixel * row + i] / block ** 2;
  }
  return { shape, data };
}

/** F − B of every channel and module, `[3·p², modules, modules]`; channel `c·p² + py·p + px`. */
function colourField(style: Style, colours: StyleColours, modules: number, p: PixelsPerModule): Tensor {
  const positions = modules * modules;
  const data = new Float32Array(COLOUR_CHANNELS * p * p * positions);
  const side = modules * p;
  const foregroundAt = foregroundOf(style, colours, side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const foreground = foregroundAt(x, y);
      const pixel = (y % p) * p + (x % p);
      const module = Math.floor(y / p) * modules + Math.floor(x / p);
      for (let c = 0; c < COLOUR_CHANNELS; c++) {
        data[(c * p * p + pixel) * positions + module] = (foreground[c] - colours.background[c]) / 255;
      }
    }
  }
  return { shape: [COLOUR_CHANNELS * p * p, modules, modules], data };
}

/** B of every channel, `[3·p², 1, 1]`. */
function backgroundField(colours: StyleColours, p: PixelsPerModule): Tensor {
  const channels = COLOUR_CHANNELS * p * p;
  const data = Float32Array.from(
    { length: channels },
    (_, i) => colours.background[Math.floor(i / (p * p))] / 255,
  );
  return { shape: [channels, 1, 1], data };
}

function notAShapeNetwork(reason: string): SealedError {
  return new SealedError('malformed-model', `This is not a shape network: ${reason}.`, { stage: 'model' });
}
