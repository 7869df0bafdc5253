// Layouts against their definition: every slot of every ciphertext, for random shapes, strides, tiles and blocks.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { executeGraph } from '../model/execute.ts';
import {
  blockShape,
  type BlockShape,
  ciphertextCount,
  type GridLayout,
  packInput,
  type PatchLayout,
  tileRange,
  unpackOutput,
} from './layout.ts';

const SLOTS = 64;

/** A random convolution's patch layout in ciphertexts of 64 slots. */
const patchLayout = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 14 }),
    width: fc.integer({ min: 1, max: 14 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.integer({ min: 0, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    R: fc.constantFrom(1, 1, 2, 4, 8),
  })
  .filter(({ height, width, kernel, pad, dilation }) => {
    return height + 2 * pad > dilation * (kernel[0] - 1) && width + 2 * pad > dilation * (kernel[1] - 1);
  })
  .map(({ channels, height, width, kernel, strides, pad, dilation, R }) => {
    const size = (n: number, k: number, stride: number): number =>
      Math.floor((n + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;
    const positions = [size(height, kernel[0], strides[0]), size(width, kernel[1], strides[1])] as const;
    const taps = [];
    for (let channel = 0; channel < channels; channel += 1) {
      for (let y = 0; y < kernel[0]; y += 1) {
        for (let x = 0; x < kernel[1]; x += 1)
          taps.push({ channel, dy: y * dilation - pad, dx: x * dilation - pad });
      }
    }
    const blocks =
      blockShape(SLOTS, positions[0] * positions[1], R) ?? blockShape(SLOTS, positions[0] * positions[1], 1)!;
    const layout: PatchLayout = {
      kind: 'patches',
      shape: [channels, height, width],
      taps,
      positions,
      strides,
      blocks,
    };
    return { layout, kernel, pad, dilation };
  });

/** Slot of position p of tile `tile` in block `block`. */
function slotOf(blocks: BlockShape, tile: number, block: number, p: number): number {
  return block * blocks.blockSlots + p - tile * blocks.tilePositions;
}

describe('packInput', () => {
  it('puts at every slot what its tap reads there, and 0 everywhere else', () => {
    fc.assert(
      fc.property(patchLayout, fc.nat(), ({ layout }, seed) => {
        const { blocks, shape, taps, positions, strides } = layout;
        const random = seededRandom(seed);
        const values = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => 1 + random());
        const expected = Array.from({ length: blocks.tiles * taps.length }, () => new Float64Array(SLOTS));
        for (let row = 0; row < positions[0]; row += 1) {
          for (let column = 0; column < positions[1]; column += 1) {
            const p = row * positions[1] + column;
            const tile = Math.floor(p / blocks.tilePositions);
            taps.forEach(({ channel, dy, dx }, k) => {
              const [y, x] = [row * strides[0] + dy, column * strides[1] + dx];
              if (y < 0 || x < 0 || y >= shape[1] || x >= shape[2]) return;
              const value = values[(channel * shape[1] + y) * shape[2] + x];
              for (let block = 0; block < blocks.blocksPerCiphertext; block += 1) {
                expected[tile * taps.length + k][slotOf(blocks, tile, block, p)] = value;
              }
            });
          }
        }
        expect(ciphertextCount(layout)).toBe(expected.length);
        expect(packInput(layout, values)).toEqual(expected);
      }),
    );
  });

  it('is im2col: weighting the patches is the convolution', () => {
    fc.assert(
      fc.property(patchLayout, fc.nat(), ({ layout, kernel, pad, dilation }, seed) => {
        const { blocks, shape, taps, positions, strides } = layout;
        const random = seededRandom(seed);
        const input = { shape, data: Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, random) };
        const weight = { shape: [1, shape[0], ...kernel], data: Float32Array.from(taps, random) };
        const reference = executeGraph(
          {
            name: 'conv',
            input: { id: 'x', shape },
            nodes: [
              {
                id: 'y',
                inputs: ['x'],
                shape: [1, ...positions],
                op: 'conv2d',
                weight,
                strides,
                pads: [pad, pad, pad, pad],
                dilations: [dilation, dilation],
                groups: 1,
              },
            ],
            output: 'y',
          },
          input,
        );
        const vectors = packInput(layout, input.data);
        reference.data.forEach((value, p) => {
          const tile = Math.floor(p / blocks.tilePositions);
          const slot = slotOf(blocks, tile, 0, p);
          const sum = taps.reduce(
            (total, _, k) => total + weight.data[k] * vectors[tile * taps.length + k][slot],
            0,
          );
          expect(sum).toBeCloseTo(value, 4);
        });
      }),
    );
  });

  it('refuses an input of another size', () => {
    const blocks = blockShape(SLOTS, 4, 1)!;
    const taps = [{ channel: 0, dy: 0, dx: 0 }];
    const layout = {
      kind: 'patches',
      shape: [1, 2, 2],
      taps,
      positions: [2, 2],
      strides: [1, 1],
      blocks,
    } as const;
    expect(packInput(layout, [1, 2, 3, 4])[0].subarray(0, 5)).toEqual(Float64Array.of(1, 2, 3, 4, 0));
    expect(() => packInput(layout, [1, 2, 3])).toThrow(/shape/);
  });
});

/** A random grid layout in ciphertexts of 64 slots. */
const gridLayout = fc
  .record({
    channels: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 14 }),
    width: fc.integer({ min: 1, max: 14 }),
    R: fc.constantFrom(1, 2, 4, 8),
    isComplex: fc.boolean(),
  })
  .map(({ channels, height, width, R, isComplex }): GridLayout => {
    const blocks = blockShape(SLOTS, height * width, R) ?? blockShape(SLOTS, height * width, 1)!;
    return { kind: 'grid', shape: [channels, height, width], blocks, ...(isComplex && { isComplex }) };
  });

describe('unpackOutput', () => {
  it('takes each element from its ciphertext and slot, and nothing from don’t-care slots', () => {
    fc.assert(
      fc.property(gridLayout, (layout) => {
        const { blocks, shape } = layout;
        const positions = shape[1] * shape[2];
        const R = blocks.blocksPerCiphertext;
        const perCiphertext = layout.isComplex === true ? 2 * R : R;
        const groups = Math.ceil(shape[0] / perCiphertext);
        const vectors = Array.from({ length: ciphertextCount(layout) }, () =>
          new Float64Array(2 * SLOTS).fill(NaN),
        );
        const expected = Float32Array.from({ length: shape[0] * positions }, (_, i) => i + 1);
        for (let c = 0; c < shape[0]; c += 1) {
          for (let p = 0; p < positions; p += 1) {
            const tile = Math.floor(p / blocks.tilePositions);
            const index = tile * groups + Math.floor(c / perCiphertext);
            const part = Math.floor((c % perCiphertext) / R) * SLOTS;
            vectors[index][part + slotOf(blocks, tile, c % R, p)] = expected[c * positions + p];
          }
        }
        const values = new Float32Array(expected.length);
        vectors.forEach((slots, index) => unpackOutput(layout, index, slots, values));
        expect(values).toEqual(expected);
      }),
    );
  });

  it('undoes packInput where the network is the identity', () => {
    fc.assert(
      fc.property(gridLayout, fc.nat(), ({ shape, blocks }, seed) => {
        const taps = Array.from({ length: shape[0] }, (_, channel) => ({ channel, dy: 0, dx: 0 }));
        const random = seededRandom(seed);
        const values = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, random);
        const positions = [shape[1], shape[2]] as const;
        const packed = packInput(
          { kind: 'patches', shape, taps, positions, strides: [1, 1], blocks },
          values,
        );
        // One channel a ciphertext, as the patches are.
        const alone = { ...blocks, blocksPerCiphertext: 1, blockSlots: SLOTS };
        const back = new Float32Array(values.length);
        packed.forEach((slots, index) =>
          unpackOutput({ kind: 'grid', shape, blocks: alone }, index, slots, back),
        );
        expect(back).toEqual(values);
      }),
    );
  });
});

describe('blockShape', () => {
  it('covers every position once, with no empty tile, or does not fit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(1, 2, 4, 8, 16), (positions, R) => {
        const blocks = blockShape(SLOTS, positions, R);
        if (!blocks) {
          expect(R > 1 && positions > SLOTS / R).toBe(true);
          return;
        }
        let next = 0;
        for (let tile = 0; tile < blocks.tiles; tile += 1) {
          const [first, end] = tileRange(blocks, positions, tile);
          expect(first).toBe(next);
          expect(end).toBeGreaterThan(first);
          expect(end - first).toBeLessThanOrEqual(blocks.blockSlots);
          next = end;
        }
        expect(next).toBe(positions);
      }),
    );
  });

  it('refuses blocks that do not divide the slots', () => {
    expect(blockShape(SLOTS, 4, 3)).toBeUndefined();
    expect(blockShape(SLOTS, 4, 128)).toBeUndefined();
  });
});
