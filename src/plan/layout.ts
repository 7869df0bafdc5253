// Where each element of a tensor sits in which slot of which ciphertext: public, part of the model card.
import { assert } from '../base/assert.ts';

/**
 * How the client packs the input of a network that starts with a convolution: ciphertext `tile · taps + k` holds, at the
 * slot of output position p, the input value that tap k of the kernel reads there (0 outside the picture). Replicating the
 * input this way costs the client a few encryptions and saves the server every rotation and their Galois keys.
 */
export interface PatchLayout {
  readonly kind: 'patches';
  /** Input tensor `[C, H, W]`. */
  readonly shape: readonly [number, number, number];
  /** What tap k reads: input channel and offset from `position · stride`. */
  readonly taps: readonly { readonly channel: number; readonly dy: number; readonly dx: number }[];
  /** Output positions, `[rows, columns]`. */
  readonly positions: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly blocks: BlockShape;
}

/**
 * Channel c, position p of a `[channels, rows, columns]` tensor sits in ciphertext `tile · groups + ⌊c / R⌋` at slot
 * `(c mod R) · blockSlots + p mod tilePositions`, where R = blocksPerCiphertext. With complex slots a ciphertext holds 2R
 * channels: the first R in the real parts, the others in the imaginary ones.
 */
export interface GridLayout {
  readonly kind: 'grid';
  readonly shape: readonly [number, number, number];
  readonly blocks: BlockShape;
  readonly isComplex?: true | undefined;
}

/** Channels that one ciphertext of `layout` holds. */
function channelsPerCiphertext({ blocks, isComplex }: GridLayout): number {
  return (isComplex === true ? 2 : 1) * blocks.blocksPerCiphertext;
}

/** How positions and channels share a ciphertext. */
export interface BlockShape {
  /** Slots of a ciphertext. */
  readonly slots: number;
  /** R, a power of two: channels side by side in one ciphertext. */
  readonly blocksPerCiphertext: number;
  /** slots / R */
  readonly blockSlots: number;
  /** Positions a tile holds, at most blockSlots. */
  readonly tilePositions: number;
  /** Number of tiles, 1 unless the positions exceed one ciphertext (then R = 1). */
  readonly tiles: number;
}

/** Either kind of layout. */
export type Layout = PatchLayout | GridLayout;

/** The block shape for `positions` with R = `blocksPerCiphertext`; undefined when they do not fit that way. */
export function blockShape(
  slots: number,
  positions: number,
  blocksPerCiphertext: number,
): BlockShape | undefined {
  const blockSlots = slots / blocksPerCiphertext;
  if (!Number.isInteger(blockSlots)) return undefined;
  const tiles = Math.ceil(positions / blockSlots);
  if (tiles > 1 && blocksPerCiphertext > 1) return undefined;
  const tilePositions = Math.ceil(positions / tiles);
  return { slots, blocksPerCiphertext, blockSlots, tilePositions, tiles };
}

/** How many ciphertexts a tensor takes in `layout`. */
export function ciphertextCount(layout: Layout): number {
  const perTile =
    layout.kind === 'patches'
      ? layout.taps.length
      : Math.ceil(layout.shape[0] / channelsPerCiphertext(layout));
  return layout.blocks.tiles * perTile;
}

function positionsOf(layout: Layout): number {
  return layout.kind === 'patches'
    ? layout.positions[0] * layout.positions[1]
    : layout.shape[1] * layout.shape[2];
}

/** First and one past the last position of `tile`. */
export function tileRange(blocks: BlockShape, positions: number, tile: number): [number, number] {
  const first = tile * blocks.tilePositions;
  return [first, Math.min(first + blocks.tilePositions, positions)];
}

/**
 * Slot vectors (length `slots` each) of `values`, a `[C, H, W]` tensor in C order. Slots no element uses are 0.
 */
export function packInput(layout: PatchLayout, values: ArrayLike<number>): Float64Array[] {
  const [channels, height, width] = layout.shape;
  assert(values.length === channels * height * width, 'the input has the layout’s shape');
  const { blocks, positions, strides, taps } = layout;
  const vectors: Float64Array[] = [];
  for (let tile = 0; tile < blocks.tiles; tile += 1) {
    const [first, end] = tileRange(blocks, positionsOf(layout), tile);
    for (const { channel, dy, dx } of taps) {
      const slots = new Float64Array(blocks.slots);
      for (let p = first; p < end; p += 1) {
        const y = Math.floor(p / positions[1]) * strides[0] + dy;
        const x = (p % positions[1]) * strides[1] + dx;
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        slots[p - first] = values[(channel * height + y) * width + x]!;
      }
      for (let block = 1; block < blocks.blocksPerCiphertext; block += 1) {
        slots.copyWithin(block * blocks.blockSlots, 0, blocks.tilePositions);
      }
      vectors.push(slots);
    }
  }
  return vectors;
}

/**
 * Copies what ciphertext `index` of a grid layout decrypts to into `values`, a `[C, H, W]` tensor in C order.
 * @param slots the decoded slots of that ciphertext: real parts, then imaginary ones where the layout is complex
 */
export function unpackOutput(
  layout: GridLayout,
  index: number,
  slots: ArrayLike<number>,
  values: Float32Array,
): void {
  const [channels] = layout.shape;
  const { blocks } = layout;
  const positions = positionsOf(layout);
  const perCiphertext = channelsPerCiphertext(layout);
  const groups = Math.ceil(channels / perCiphertext);
  const tile = Math.floor(index / groups);
  const firstChannel = (index % groups) * perCiphertext;
  const [first, end] = tileRange(blocks, positions, tile);
  // The blocks of the imaginary parts follow those of the real ones.
  for (let block = 0; block < perCiphertext; block += 1) {
    const channel = firstChannel + block;
    if (channel >= channels) return;
    const from = block * blocks.blockSlots - first;
    for (let p = first; p < end; p += 1) values[channel * positions + p] = slots[from + p]!;
  }
}
