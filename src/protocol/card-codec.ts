// Cards as bytes: what a service publishes, and what a client reads without trusting it.
import { type Codec, decode, encode, malformed, unencodable } from '../base/codec.ts';
import {
  bool,
  finite,
  format,
  i32,
  list,
  mapped,
  nameOf,
  omittable,
  present,
  optional,
  record,
  text,
  tuple,
  u32,
  u8,
  union,
} from '../base/codecs.ts';
import { int32Array } from '../base/number-arrays.ts';
import { graphCodec, shapeCodec } from '../model/graph-codec.ts';
import { parametersCodec } from '../params/parameters-codec.ts';
import type {
  Expectation,
  InputLayout,
  KeyLevels,
  OutputLayout,
  ResultInterface,
  SegmentInterface,
} from '../plan/client-interface.ts';
import type { BlockShape, GridLayout, PatchLayout } from '../plan/layout.ts';
import type { CardTensor, FinishOperation } from '../plan/model-card.ts';
import type { GatherLayout, SlotLayout } from '../plan/slot-layout.ts';
import type { Card, Sha256 } from './card.ts';
import { CARD_LIMITS } from './card-limits.ts';
import { checkCard } from './check-card.ts';

// 2: keys have levels, and a client may keep values for later rounds.
const FORMAT = 2;
const HASH_BYTES = 32;

const words = text(CARD_LIMITS.textBytes);
const lines = list(words, CARD_LIMITS.lines);

/** 32 bytes, in memory as lower-case hexadecimal. */
const sha256: Codec<Sha256> = {
  minBytes: HASH_BYTES,
  write(writer, value) {
    if (!/^[0-9a-f]{64}$/.test(value)) throw unencodable('This is no SHA-256 in lower-case hexadecimal.');
    writer.bytes(Uint8Array.from(value.match(/../g)!, (pair) => Number.parseInt(pair, 16)));
  },
  read: (reader) =>
    Array.from(reader.bytes(HASH_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(''),
};

const volume = tuple(u32, 3);
const pair = tuple(u32, 2);

const blocks = record<BlockShape>({
  slots: u32,
  blocksPerCiphertext: u32,
  blockSlots: u32,
  tilePositions: u32,
  tiles: u32,
});

const patches = record<Omit<PatchLayout, 'kind'>>({
  shape: volume,
  taps: list(
    record<PatchLayout['taps'][number]>({ channel: u32, dy: i32, dx: i32 }),
    CARD_LIMITS.ciphertexts,
  ),
  positions: pair,
  strides: pair,
  blocks,
});

const gather = record<Omit<GatherLayout, 'kind'>>({
  shape: shapeCodec,
  batch: u32,
  slots: u32,
  sources: list(int32Array(CARD_LIMITS.slots), CARD_LIMITS.ciphertexts),
});

const slots = record<Omit<SlotLayout, 'kind'>>({
  shape: shapeCodec,
  batch: u32,
  slots: u32,
  count: u32,
  ciphertext: int32Array(CARD_LIMITS.elements),
  position: int32Array(CARD_LIMITS.elements),
});

function cardTensor<L>(layout: Codec<L>): Codec<CardTensor<L>> {
  return record<CardTensor<L>>({ layout, scale: finite, level: u8, count: u32 });
}

// The numbers of kinds never change.
const inputLayout = union<InputLayout, 'kind'>('kind', { patches: [1, patches], gather: [2, gather] });
const outputLayout = union<OutputLayout, 'kind'>('kind', {
  grid: [1, record<Omit<GridLayout, 'kind'>>({ shape: volume, blocks, isComplex: omittable(present) })],
  slots: [2, slots],
});

const keyLevels = record<KeyLevels>({
  relinearize: optional(u8),
  rotations: list(u8, CARD_LIMITS.rotationSteps),
});

const segment = record<SegmentInterface>({
  input: cardTensor(inputLayout),
  output: cardTensor(outputLayout),
  rotationSteps: list(u32, CARD_LIMITS.rotationSteps),
  relinearize: bool,
  keyLevels: omittable(keyLevels),
  client: optional(graphCodec),
  kept: omittable(u32),
});

const finishOperation = record<FinishOperation>({ op: nameOf({ depthToSpace: 1 }), block: u32 });

const result = union<ResultInterface, 'kind'>('kind', {
  picture: [
    1,
    record<{ finish: readonly FinishOperation[] }>({ finish: list(finishOperation, CARD_LIMITS.finish) }),
  ],
  tensor: [2, record({ shape: shapeCodec })],
});

const cardCodec = format(
  'SQCD',
  FORMAT,
  'a card',
  record<Card>({
    name: words,
    model: words,
    modelHash: sha256,
    planHash: sha256,
    backend: nameOf({ simd: 1, seal: 2 }),
    parameters: parametersCodec,
    segments: list(segment, CARD_LIMITS.segments, 1),
    result,
    expected: record<Expectation>({
      evaluateMs: finite,
      errorBound: finite,
      keyBytes: finite,
      requestBytes: finite,
      responseBytes: finite,
    }),
    serverLearns: lines,
    clientLearns: lines,
  }),
);

/** A card that {@link checkCard} has passed is written and read as it is: the same bytes for equal cards. */
const checkedCard: Codec<Card> = mapped(cardCodec, checkCard, checkCard);

/**
 * The bytes of `card`: the same for equal cards, so that their SHA-256 names it.
 * @throws SealedError as {@link checkCard}, since no client would take the card otherwise; `invalid-argument` for what has
 *   no encoding
 */
export function encodeCard(card: Card): Uint8Array<ArrayBuffer> {
  return encode(checkedCard, card);
}

/**
 * The card in `bytes`, which may come from anyone: all that {@link checkCard} asks holds. It shares no memory with them.
 * @throws SealedError `malformed-frame` naming the field, or `insecure-parameters`
 */
export function decodeCard(bytes: Uint8Array): Card {
  if (bytes.length > CARD_LIMITS.bytes)
    throw malformed(`A card of ${bytes.length} bytes is larger than any.`);
  return decode(checkedCard, bytes);
}
