// SVG files of rasters: paths where the colours are few, the picture itself embedded where they are many.
import { encodePng } from './png.ts';
import type { Raster } from '../base/raster.ts';

/** With more colours than this, outlines would outgrow the PNG; gradients and noise always do. */
const MAX_PATH_COLOURS = 64;

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  // XML 1.0 admits no control characters but tab and line breaks, and no U+FFFE or U+FFFF.
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

function colourAt(raster: Raster, pixel: number): number {
  const at = pixel * 3;
  return (raster.data[at] << 16) | (raster.data[at + 1] << 8) | raster.data[at + 2];
}

/** Pixels of each colour, or null as soon as there are more than `MAX_PATH_COLOURS`. */
function countColours(raster: Raster): Map<number, number> | null {
  const counts = new Map<number, number>();
  for (let pixel = 0; pixel < raster.width * raster.height; pixel++) {
    const colour = colourAt(raster, pixel);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
    if (counts.size > MAX_PATH_COLOURS) return null;
  }
  return counts;
}

/**
 * One path a colour, of rectangles as large as they come: runs of a row, joined with equal runs below. The most
 * frequent colour is one rectangle under all others.
 */
function paths(raster: Raster, counts: ReadonlyMap<number, number>): string {
  const { width, height } = raster;
  const [ground] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const commands = new Map<number, string>();
  const done = new Uint8Array(width * height);
  const rowEqual = (y: number, x: number, end: number, colour: number): boolean => {
    for (let i = x; i < end; i++) {
      if (done[y * width + i] || colourAt(raster, y * width + i) !== colour) return false;
    }
    return true;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colourAt(raster, y * width + x);
      if (colour === ground || done[y * width + x]) continue;
      let end = x + 1;
      while (end < width && rowEqual(y, end, end + 1, colour)) end++;
      let bottom = y + 1;
      while (bottom < height && rowEqual(bottom, x, end, colour)) bottom++;
      for (let row = y; row < bottom; row++) done.fill(1, row * width + x, row * width + end);
      commands.set(colour, `${commands.get(colour) ?? ''}M${x} ${y}h${end - x}v${bottom - y}h${x - end}z`);
      x = end - 1;
    }
  }
  const hex = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`;
  // crispEdges: without it, viewers blend the edges of neighbouring rectangles and hairlines show through.
  return (
    `<g shape-rendering="crispEdges"><rect width="${width}" height="${height}" fill="${hex(ground)}"/>` +
    [...commands].map(([colour, path]) => `<path fill="${hex(colour)}" d="${path}"/>`).join('') +
    '</g>'
  );
}

/**
 * `raster` as a self-contained SVG 1.1 picture without scripts, one unit a pixel, with `title` for screen readers.
 * Up to 64 colours become rectangles that meet exactly; more are embedded as a PNG, shown with hard pixels.
 */
export function encodeSvg(raster: Raster, title: string): string {
  const { width, height } = raster;
  const counts = countColours(raster);
  const body = counts
    ? paths(raster, counts)
    : `<image width="${width}" height="${height}" style="image-rendering:pixelated" href="data:image/png;base64,${base64(encodePng(raster))}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img"><title>${escapeXml(title)}</title>${body}</svg>\n`
  );
}
