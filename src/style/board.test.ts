// The board of neighbourhoods: all are there, and what a program makes of them is what the style's drawing shows.
import { describe, expect, it } from 'vitest';
import type { Raster } from '../base/raster.ts';
import { BOARD_MODULES, boardModules, boardRecipe, drawBoard } from './board.ts';
import { PATTERNS, pixelCoverage } from './features.ts';
import { neighbourhoods } from './neighbourhoods.ts';
import type { Pixel } from './recipe.ts';

/** `board` with each pixel's byte replaced. */
function painted(board: Raster, colour: (isDark: boolean, c: number, at: number) => number): Raster {
  return { ...board, data: board.data.map((value, i) => colour(value === 0, i % 3, Math.floor(i / 3))) };
}

describe('the board', () => {
  it('has each neighbourhood at least four times', () => {
    const counts = new Uint32Array(PATTERNS);
    for (const pattern of neighbourhoods(boardModules(), BOARD_MODULES)) counts[pattern] += 1;
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
  });

  it('painted in two colours becomes a style of those, eyes included', () => {
    const ink = [30, 60, 120];
    const paper = [240, 230, 210];
    const drawn = painted(drawBoard(8), (isDark, c) => (isDark ? ink : paper)[c]);
    const { recipe, unexplained } = boardRecipe(drawn);
    expect(unexplained).toBeLessThan(1e-6);
    if (recipe.coverages.kind !== 'drawn') throw new Error('A board is drawn.');
    recipe.coverages.layers.forEach((layer, c) => {
      const [light, dark] = [0, PATTERNS - 1].map((pattern) => pixelCoverage(layer, pattern, 3, 4, 8, 0));
      expect(light).toBe(0);
      expect(dark).toBeCloseTo((ink[c] - paper[c]) / 255, 5);
    });
    const colours = { start: [0, 0, 0], end: [0, 0, 0], background: [255, 255, 255] } as const;
    const place = { modules: 25, colours, field: 'diagonal', ownColours: true, pixelsPerModule: 8 } as const;
    const pixel: Pixel = { light: new Float64Array(3), delta: new Float64Array(9), bend: 1 };
    const scene = recipe.scene(place);
    const lightAt = (x: number, y: number): number => {
      scene(x, y, pixel);
      return Math.round(255 * pixel.light[0]);
    };
    // Ring, gap and pupil of each eye; the quiet zone.
    for (const [left, top] of [
      [0, 0],
      [18, 0],
      [0, 18],
    ]) {
      expect([0.5, 1.5, 3.5].map((at) => lightAt(left + at, top + 3.5))).toEqual([30, 240, 30]);
    }
    expect(lightAt(-2.5, 12)).toBe(240);
  });

  it('is refused at another size, and where light is dark', () => {
    const board = drawBoard(4);
    expect(() => boardRecipe({ width: 500, height: 500, data: new Uint8Array(750_000) })).toThrow(
      'A board keeps its size',
    );
    const inverted = painted(board, (isDark) => (isDark ? 250 : 20));
    expect(() => boardRecipe(inverted)).toThrow('not darker than light ones');
  });
});
