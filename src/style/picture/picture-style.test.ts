// A style out of any picture: its fields stay in their tones, plain and wild pictures included, and the service is told nothing.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { executeGraph } from '../../model/execute.ts';
import { edges, packCoverage, unpackCoverage } from '../edges.ts';
import { styleGraph } from '../graph.ts';
import { EDGES, placeOf } from '../styles.ts';
import { stylePainter } from '../tables.ts';
import { pictureFields, type PictureSource } from './fields.ts';
import { PICTURE_KINDS } from './choice.ts';
import { type Image, lumaOf, quantile } from './image.ts';
import { pictureStyle } from './picture-style.ts';
import { seededRandom } from '../../base/seeded-random.ts';
import { TONE_STEPS } from './tones.ts';

/** A picture of `width` × `height` by a function of places 0 … 1. */
function imageOf(width: number, height: number, at: (u: number, v: number) => readonly number[]): Image {
  const data = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i += 1) {
    data.set(at((i % width) / width, Math.floor(i / width) / height), 3 * i);
  }
  return { width, height, data };
}

function sourceOf(at: (u: number, v: number) => readonly number[]): PictureSource {
  return { whole: imageOf(150, 120, at), square: (side) => imageOf(side, side, at) };
}

const random = seededRandom(4);
const SOURCES: Readonly<Record<string, PictureSource>> = {
  plain: sourceOf(() => [0.5, 0.5, 0.5]),
  black: sourceOf(() => [0, 0, 0]),
  noise: sourceOf(() => [random(), random(), random()]),
  sunset: sourceOf((u, v) => [0.9 - 0.5 * v, 0.5 - 0.4 * v + 0.2 * u, 0.2 + 0.5 * v]),
};
const MODULES = 21;
const [step] = TONE_STEPS;

describe.each(Object.keys(SOURCES))('fields of a %s picture', (name) => {
  it.each(PICTURE_KINDS)('as %s are dark and light as scanners need them', (kind) => {
    const { side, around, dark, light, accent } = pictureFields(SOURCES[name], {
      kind,
      modules: MODULES,
      step: 0,
      seed: 1,
    });
    expect(side).toBe((MODULES + 2 * around) * 8);
    expect([...accent].every((value) => value >= 0 && value <= 1)).toBe(true);
    for (const field of [dark, light]) {
      expect(field).toHaveLength(3 * side * side);
      expect(field.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    const within = (field: Float32Array): number[] => {
      const luma = lumaOf({ data: field });
      const inside = [...luma.keys()].filter((i) => {
        const [x, y] = [(i % side) / 8 - around, Math.floor(i / side) / 8 - around];
        return Math.min(x, y) >= 0 && Math.max(x, y) < MODULES;
      });
      return inside.map((i) => luma[i]);
    };
    expect(quantile(within(dark), 0.99)).toBeLessThan(step.darkHigh + 0.03);
    expect(quantile(within(light), 0.01)).toBeGreaterThan(step.lightLow - 0.03);
  });
});

describe('the edges', () => {
  const network = importOnnx(
    new Uint8Array(readFileSync(new URL('../../../public/models/features-edge.onnx', import.meta.url))),
    { inputShape: [1, 21, 21] },
  );
  const dark = Float32Array.from({ length: MODULES * MODULES }, seededRandom(8)).map(Math.round);

  it('come back from the packed picture to the byte', () => {
    for (const pixels of [16, 8, 4]) {
      const side = (MODULES + 2) * pixels;
      const coverage = Float32Array.from({ length: side * side }, (_, i) => ((i * 37) % 256) / 255);
      const packed = packCoverage(coverage, MODULES, pixels);
      const plane = packed.length / 3;
      const bytes = Uint8Array.from(packed, (_, i) =>
        Math.round(255 * packed[(i % 3) * plane + Math.floor(i / 3)]),
      );
      expect(unpackCoverage(bytes, MODULES, pixels)).toEqual(coverage);
    }
  });

  it('are what the service draws', () => {
    const graph = styleGraph(network, EDGES, MODULES, EDGES.defaultColours, 8);
    const drawn = executeGraph(graph, { shape: graph.input.shape, data: dark });
    expect(drawn.shape).toEqual([3, 23 * 5, 23 * 5]);
    const place = placeOf(EDGES, MODULES, EDGES.defaultColours, 8);
    const planes = stylePainter(edges, place, { by: 'network', network })(dark);
    const expected = packCoverage(planes.subarray(0, planes.length / 3), MODULES, 8);
    const worst = drawn.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    expect(worst).toBeLessThan(1e-4);
  });

  it('are the same for every picture, and its colours are not the service’s to know', () => {
    const styles = Object.values(SOURCES).flatMap((source) =>
      PICTURE_KINDS.map((kind) =>
        pictureStyle({ kind, step: 0, seed: 1 }, (request) =>
          Promise.resolve(pictureFields(source, request)),
        ),
      ),
    );
    for (const style of styles) expect(style.served).toBe(EDGES);
  });
});
