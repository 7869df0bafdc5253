// Draws sample pictures of the styles to look at: the reference, what the network makes of it, and the difference.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { executeGraph } from '../src/model/execute.ts';
import { encodeQr } from '../src/qr/matrix.ts';
import { styleGraph, type PixelsPerModule } from '../src/style/graph.ts';
import { referenceCoverage, TILE_SIDE } from '../src/style/reference.ts';
import { foregroundAt, STYLES, type Style } from '../src/style/styles.ts';
import { readNetwork } from './network.ts';

/** Modules of background around the code. */
const QUIET_ZONE = 4;

/** How much the difference is magnified. */
const DIFFERENCE_GAIN = 4;

/** An RGB picture in 0 … 1, `[3, side, side]`. */
type Picture = Float32Array;

function referencePicture(style: Style, dark: Uint8Array, modules: number): Picture {
  const coverage = referenceCoverage(style.id, dark, modules);
  const side = modules * TILE_SIDE;
  return Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [c, x, y] = [Math.floor(i / (side * side)), i % side, Math.floor(i / side) % side];
    const channel = (y % TILE_SIDE) * TILE_SIDE + (x % TILE_SIDE);
    const module = Math.floor(y / TILE_SIDE) * modules + Math.floor(x / TILE_SIDE);
    const alpha = coverage[channel * modules * modules + module];
    const foreground = foregroundAt(style, style.defaultColours, x, y, side)[c];
    return (alpha * foreground + (1 - alpha) * style.defaultColours.background[c]) / 255;
  });
}

function networkPicture(style: Style, dark: Uint8Array, modules: number, pixels: PixelsPerModule): Picture {
  const graph = styleGraph(readNetwork(style).graph, style, modules, style.defaultColours, pixels);
  return executeGraph(graph, { shape: [1, modules, modules], data: Float32Array.from(dark) }).data;
}

function writePicture(
  path: string,
  picture: Picture,
  side: number,
  border: number,
  background: number[],
): void {
  const full = side + 2 * border;
  const png = new PNG({ width: full, height: full });
  for (let i = 0; i < full * full; i++) {
    const [x, y] = [(i % full) - border, Math.floor(i / full) - border];
    const inside = x >= 0 && y >= 0 && x < side && y < side;
    for (let c = 0; c < 3; c++) {
      const value = inside ? 255 * picture[(c * side + y) * side + x] : background[c];
      png.data[4 * i + c] = Math.round(Math.min(255, Math.max(0, value)));
    }
    png.data[4 * i + 3] = 255;
  }
  writeFileSync(path, PNG.sync.write(png));
}

const folder = process.argv[2] ?? 'samples';
const { dark, modules } = encodeQr('WIFI:T:WPA;S:Cabin north;P:correct horse;;', { ecc: 'M' });
mkdirSync(folder, { recursive: true });
for (const style of STYLES) {
  const background = [...style.defaultColours.background];
  const reference = referencePicture(style, dark, modules);
  const network = networkPicture(style, dark, modules, 8);
  const difference = network.map((value, i) => 0.5 + DIFFERENCE_GAIN * (value - reference[i]));
  const save = (name: string, picture: Picture, pixels: number): void =>
    writePicture(
      join(folder, `${style.id}-${name}.png`),
      picture,
      modules * pixels,
      QUIET_ZONE * pixels,
      background,
    );
  save('reference', reference, 8);
  save('network', network, 8);
  save('network-4px', networkPicture(style, dark, modules, 4), 4);
  save('difference', difference, 8);
}
