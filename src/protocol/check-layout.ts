// Whether a layout from a card makes sense: everything within its tensor, its slots and its ciphertexts.
import { log2 } from '../base/exact-math.ts';
import { elementCount, type Shape } from '../model/graph.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import type { InputLayout, OutputLayout } from '../plan/client-interface.ts';
import { type BlockShape, blockShape, ciphertextCount, type PatchLayout } from '../plan/layout.ts';
import type { CardTensor } from '../plan/model-card.ts';
import type { GatherLayout, SlotLayout } from '../plan/slot-layout.ts';
import { CARD_LIMITS, inField, need, needWhole } from './card-limits.ts';

const WORD_BYTES = 4;

type AnyLayout = InputLayout | OutputLayout;

/** Number of elements of `shape`. @throws SealedError `malformed-frame` where they are none, or too many */
export function checkShape(shape: Shape): number {
  shape.forEach((size, axis) => needWhole(`shape[${axis}]`, size, 1, CARD_LIMITS.elements));
  const elements = elementCount(shape);
  needWhole('shape', elements, 1, CARD_LIMITS.elements);
  return elements;
}

function needPowerOfTwo(field: string, value: number, most: number): void {
  needWhole(field, value, 1, most);
  need(Number.isInteger(log2(value)), field, `${value} is not a power of two.`);
}

function checkBlocks(blocks: BlockShape, positions: number, slots: number): void {
  const perCiphertext = blocks.blocksPerCiphertext;
  needPowerOfTwo('blocksPerCiphertext', perCiphertext, slots);
  const expected = blockShape(slots, positions, perCiphertext);
  need(
    expected !== undefined,
    'blocksPerCiphertext',
    `${positions} positions do not fit in one of ${perCiphertext} blocks.`,
  );
  for (const field of ['slots', 'blockSlots', 'tilePositions', 'tiles'] as const) {
    needWhole(field, blocks[field], expected[field], expected[field]);
  }
}

function checkPatches({ shape, taps, strides, positions, blocks }: PatchLayout, slots: number): void {
  const { offset, ciphertexts, elements } = CARD_LIMITS;
  needWhole('taps.length', taps.length, 1, ciphertexts);
  taps.forEach(({ channel, dy, dx }, index) =>
    inField(`taps[${index}]`, () => {
      needWhole('channel', channel, 0, shape[0] - 1);
      needWhole('dy', dy, -offset, offset);
      needWhole('dx', dx, -offset, offset);
    }),
  );
  for (const axis of [0, 1] as const) {
    needWhole(`strides[${axis}]`, strides[axis], 1, offset);
    needWhole(`positions[${axis}]`, positions[axis], 1, elements);
  }
  const count = positions[0] * positions[1];
  needWhole('positions', count, 1, elements);
  inField('blocks', () => checkBlocks(blocks, count, slots));
}

/** Checks what gather and slot layouts share. @returns the places for elements in a ciphertext */
function checkBatch(layout: GatherLayout | SlotLayout, elements: number, slots: number): number {
  needWhole('slots', layout.slots, slots, slots);
  needPowerOfTwo('batch', layout.batch, slots);
  const all = elements * layout.batch;
  need(all <= CARD_LIMITS.batchElements, 'batch', `${all} elements in a batch are too many.`);
  return slots / layout.batch;
}

function needEntries(field: string, entries: Int32Array, length: number, low: number, high: number): void {
  need(entries.length === length, field, `It has ${entries.length} entries for ${length}.`);
  const isIn = entries.every((entry) => entry >= low && entry <= high);
  need(isIn, field, `An entry is not from ${low} to ${high}.`);
}

function checkGather(layout: GatherLayout, elements: number, slots: number): void {
  const places = checkBatch(layout, elements, slots);
  needWhole('sources.length', layout.sources.length, 1, CARD_LIMITS.ciphertexts);
  layout.sources.forEach((table, index) => needEntries(`sources[${index}]`, table, places, -1, elements - 1));
}

function checkSlots(layout: SlotLayout, elements: number, slots: number): void {
  const places = checkBatch(layout, elements, slots);
  const { count, ciphertext, position } = layout;
  needWhole('count', count, 1, CARD_LIMITS.ciphertexts);
  needEntries('ciphertext', ciphertext, elements, 0, count - 1);
  needEntries('position', position, elements, 0, places - 1);
  // Sorted and not marked in a map of all places: that would be larger than the card.
  const taken = Uint32Array.from(ciphertext, (number, e) => number * places + position[e]).sort();
  const isDistinct = taken.every((place, i) => i === 0 || place !== taken[i - 1]);
  need(isDistinct, 'position', 'Two elements share a place.');
}

function checkLayout(layout: AnyLayout, slots: number): void {
  const elements = checkShape(layout.shape);
  switch (layout.kind) {
    case 'patches':
      return checkPatches(layout, slots);
    case 'gather':
      return checkGather(layout, elements, slots);
    case 'grid':
      return inField('blocks', () => checkBlocks(layout.blocks, layout.shape[1] * layout.shape[2], slots));
    case 'slots':
      return checkSlots(layout, elements, slots);
  }
}

function countOf(layout: AnyLayout): number {
  if (layout.kind === 'gather') return layout.sources.length;
  return layout.kind === 'slots' ? layout.count : ciphertextCount(layout);
}

/**
 * Throws unless `tensor` can be packed under `parameters`: a layout within its slots, as many ciphertexts as it has, a
 * level that there is, a scale that the modulus holds.
 * @throws SealedError `malformed-frame`, naming the field
 */
export function checkTensor(tensor: CardTensor<AnyLayout>, parameters: Parameters): void {
  const { layout, scale, level, count } = tensor;
  needWhole('level', level, 0, parameters.maxLevel);
  const modulusBits = primesAtLevel(parameters, level).reduce((sum, q) => sum + log2(Number(q)), 0);
  const isScale = scale >= 1 && log2(scale) < modulusBits;
  need(isScale, 'scale', `${scale} is not from 1 to the modulus, 2^${modulusBits.toFixed(1)}.`);
  inField('layout', () => checkLayout(layout, parameters.slots));
  const expected = countOf(layout);
  needWhole('count', expected, 1, CARD_LIMITS.ciphertexts);
  needWhole('count', count, expected, expected);
  const bytes = count * 2 * (level + 1) * parameters.polyModulusDegree * WORD_BYTES;
  need(bytes <= CARD_LIMITS.ciphertextBytes, 'count', `${count} ciphertexts take ${bytes} bytes, too much.`);
}
