// The edges alone: what a service draws where the client mixes the colours in, so that it learns neither picture nor colours.
import { edgeCoverage, EDGE_REACH } from './drawing/blurred-edge.ts';
import { fractalNoise } from './drawing/noise.ts';
import { MARGIN, type Layers, type Recipe } from './recipe.ts';

/** Coverages of soft paint edges, bent by the place. */
export const EDGE_COVERAGES: Layers = {
  kind: 'drawn',
  layers: [{ coverage: edgeCoverage(0.07), degree: 2, samples: 2 }],
};

/** How edges wander at a place, in modules: the same for every picture. */
export function edgeBend(x: number, y: number): number {
  const wander = 0.3 * (fractalNoise(x * 2.2, y * 2.2, 3, 4) - 0.5);
  return Math.max(-1, Math.min(1, wander / EDGE_REACH));
}

/** The recipe of the edges: coverage as a grey picture, 1 where dark. */
export const edges: Recipe = {
  coverages: EDGE_COVERAGES,
  scene: () => (x, y, pixel) => {
    pixel.light.fill(0);
    pixel.delta.fill(1);
    pixel.bend = edgeBend(x, y);
  },
};

/*
 * The coverages of a module's pixels travel as a picture of three colours, as every style's do: b² pixels of three numbers
 * each hold at least p² coverages. Coverage q of a module is colour ⌊q / b²⌋ of its pixel q mod b².
 */

/** Pixels along one side of a module in the packed picture of `pixelsPerModule`² coverages. */
export function packedBlock(pixelsPerModule: number): number {
  return Math.ceil(Math.sqrt((pixelsPerModule * pixelsPerModule) / 3));
}

/** `coverage` of every pixel, side², side = (modules + 2·margin)·p, as planes of the packed picture, `[3, b·N, b·N]`. */
export function packCoverage(coverage: Float32Array, modules: number, pixelsPerModule: number): Float32Array {
  const [across, p, b] = [modules + 2 * MARGIN, pixelsPerModule, packedBlock(pixelsPerModule)];
  const planes = new Float32Array(3 * (across * b) ** 2);
  eachCoverage(across, p, b, (pixel, plane, packed) => {
    planes[plane * (across * b) ** 2 + packed] = coverage[pixel];
  });
  return planes;
}

/** The coverage of every pixel, 0 … 1, from the packed picture's bytes, RGB. */
export function unpackCoverage(data: Uint8Array, modules: number, pixelsPerModule: number): Float32Array {
  const [across, p, b] = [modules + 2 * MARGIN, pixelsPerModule, packedBlock(pixelsPerModule)];
  const coverage = new Float32Array((across * p) ** 2);
  eachCoverage(across, p, b, (pixel, plane, packed) => {
    coverage[pixel] = data[3 * packed + plane] / 255;
  });
  return coverage;
}

function eachCoverage(
  across: number,
  p: number,
  b: number,
  visit: (pixel: number, plane: number, packed: number) => void,
): void {
  for (let module = 0; module < across * across; module += 1) {
    const [row, column] = [Math.floor(module / across), module % across];
    for (let q = 0; q < p * p; q += 1) {
      const pixel = (row * p + Math.floor(q / p)) * across * p + column * p + (q % p);
      const within = q % (b * b);
      const packed = (row * b + Math.floor(within / b)) * across * b + column * b + (within % b);
      visit(pixel, Math.floor(q / (b * b)), packed);
    }
  }
}
