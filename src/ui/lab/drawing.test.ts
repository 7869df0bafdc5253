// Drawn digits: put in the middle at the size that networks know, inked, normalised; and read as what they are.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../import/import-model.ts';
import { executeGraph } from '../../model/execute.ts';
import { centred, inkOf, pictureOf, type PictureForm, type Stroke } from './drawing.ts';
import { FORMS } from './examples.ts';

const FORM: PictureForm = { side: 20, fill: 0.7, pen: 0.05, mean: 0, deviation: 1 };
const line = (...points: readonly (readonly [number, number])[]): Stroke =>
  points.map(([x, y]) => ({ x, y }));
const circle = (x: number, y: number, radius: number): Stroke =>
  Array.from({ length: 25 }, (_, i) => ({
    x: x + radius * 0.7 * Math.cos((i * Math.PI) / 12),
    y: y + radius * Math.sin((i * Math.PI) / 12),
  }));

/** Digits as somebody might draw them, anywhere and of any size. */
const DIGITS: readonly (readonly [number, readonly Stroke[]])[] = [
  [0, [circle(0.4, 0.5, 0.3)]],
  [1, [line([0.7, 0.2], [0.7, 0.9])]],
  [4, [line([0.4, 0.1], [0.2, 0.5], [0.65, 0.5]), line([0.5, 0.3], [0.5, 0.8])]],
  [7, [line([0.1, 0.1], [0.5, 0.1], [0.3, 0.7])]],
  [8, [circle(0.5, 0.3, 0.14), circle(0.5, 0.6, 0.17)]],
];

describe('a drawing', () => {
  it('has its mass in the middle and its longer side at the size asked for', () => {
    const [stroke] = centred([line([0.1, 0.1], [0.1, 0.3])], FORM);
    expect(stroke[0].x).toBeCloseTo(0.5);
    expect((stroke[0].y + stroke[1].y) / 2).toBeCloseTo(0.5);
    expect(stroke[1].y - stroke[0].y).toBeCloseTo(FORM.fill - 2 * FORM.pen);
  });

  it('is the same wherever and however large it was drawn', () => {
    const small = pictureOf([line([0.1, 0.1], [0.2, 0.1], [0.15, 0.3])], FORM);
    const large = pictureOf([line([0.1, 0.2], [0.5, 0.2], [0.3, 1])], FORM);
    small.forEach((ink, i) => expect(ink).toBeCloseTo(large[i], 4));
  });

  it('has ink where strokes are, and none elsewhere; nothing drawn is paper', () => {
    const ink = inkOf([line([0.5, 0.1], [0.5, 0.9])], FORM);
    expect(ink[10 * 20 + 10]).toBeGreaterThan(0.4);
    expect(ink[10 * 20 + 2]).toBe(0);
    expect(Math.max(...inkOf([], FORM))).toBe(0);
    expect(centred([], FORM)).toEqual([]);
    expect(pictureOf([], { ...FORM, mean: 0.1, deviation: 0.5 })[0]).toBeCloseTo(-0.2);
  });

  it.each(Object.keys(FORMS))('of a digit is read by %s', (name) => {
    const graph = importModel(readFileSync(new URL(`../../../public/${name}`, import.meta.url)));
    for (const [digit, strokes] of DIGITS) {
      const data = pictureOf(strokes, FORMS[name]);
      const outputs = executeGraph(graph, { shape: graph.input.shape, data }).data;
      expect([digit, outputs.indexOf(Math.max(...outputs))]).toEqual([digit, digit]);
    }
  });
});
