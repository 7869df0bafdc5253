// Cards as bytes: real ones come back as they were, other bytes are refused, and the format is frozen.
import { describe, expect, it } from 'vitest';
import { clientNetwork, compiledNetwork, compiledStyle, publicFile } from '../../fixtures/codec-samples.ts';
import { randomGraph } from '../../fixtures/random-graphs.ts';
import { identityCards, networkCard, styleCard } from '../../fixtures/sample-cards.ts';
import { sha256Hex } from '../base/sha256.ts';
import { readModelFile } from '../import/model-file.ts';
import { styledVersions } from '../../fixtures/styled-versions.ts';
import type { Card } from './card.ts';
import { decodeCard, encodeCard } from './card-codec.ts';
import { CARD_LIMITS } from './card-limits.ts';

const malformed = expect.objectContaining({ code: 'malformed-frame' });

function expectRoundTrip(card: Card): Uint8Array {
  const bytes = encodeCard(card);
  const decoded = decodeCard(bytes);
  expect(decoded).toStrictEqual(card);
  expect(encodeCard(decoded)).toEqual(bytes);
  return bytes;
}

describe('encodeCard and decodeCard', () => {
  for (const { style, version, tags } of styledVersions()) {
    it(`give back the card of ${style.id} at version ${version}, in under a kilobyte`, { tags }, () => {
      expect(expectRoundTrip(styleCard(compiledStyle(style, version))).length).toBeLessThan(1024);
    });
  }

  it('give back the cards of random networks', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      expectRoundTrip(networkCard(compiledNetwork(randomGraph(seed), { batch: 2 ** (seed - 1) })));
    }
  });

  it('give back the card of the digits network', () => {
    expectRoundTrip(
      networkCard(compiledNetwork(readModelFile(publicFile('models/digits.onnx'), { name: 'digits' }))),
    );
  });

  it('give back segments between which the client computes', () => {
    const card = networkCard(compiledNetwork(clientNetwork(), { clientOps: true, batch: 4 }));
    expect(card.segments.map(({ client }) => client?.nodes.map(({ op }) => op))).toEqual([
      ['activation', 'maxPool'],
      ['softmax'],
    ]);
    expectRoundTrip(card);
  });

  it('give out copies: changing the bytes afterwards changes nothing', () => {
    const card = networkCard(compiledNetwork(clientNetwork(), { clientOps: true }));
    const bytes = encodeCard(card);
    const decoded = decodeCard(bytes);
    bytes.fill(0xff);
    expect(decoded).toStrictEqual(card);
  });

  it('refuse a card that no client would take, in writing as well', () => {
    const { picture } = identityCards();
    expect(() => encodeCard({ ...picture, name: 'a\u001b[2J' })).toThrow(malformed);
  });

  it('refuse hashes in another form', () => {
    const { picture } = identityCards();
    for (const planHash of [
      '',
      picture.planHash.toUpperCase(),
      picture.planHash.slice(2),
      `0x${picture.planHash.slice(2)}`,
    ]) {
      expect(() => encodeCard({ ...picture, planHash })).toThrow(/planHash: .*SHA-256/);
    }
  });
});

describe('decodeCard refuses', () => {
  const { picture, tensor } = identityCards();

  it('other bytes, other formats, and every truncation', () => {
    const bytes = encodeCard(tensor);
    expect(() => decodeCard(new Uint8Array())).toThrow(malformed);
    expect(() => decodeCard(bytes.with(0, 0))).toThrow('This is not a card.');
    expect(() => decodeCard(bytes.with(4, 9))).toThrow(/format 9; only format 2/);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeCard(bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => decodeCard(Uint8Array.of(...bytes, 0))).toThrow(malformed);
  });

  it('bytes that are more than any card', () => {
    expect(() => decodeCard(new Uint8Array(CARD_LIMITS.bytes + 1))).toThrow(/larger than any/);
  });

  it('a card without segments', () => {
    const bytes = encodeCard(picture);
    // Letters and format, name, model, hashes, backend, parameters: N, number and sizes of primes.
    const at = 5 + 4 + picture.name.length + 4 + picture.model.length + 64 + 1 + 4 + 4 + 3;
    expect([...bytes.subarray(at, at + 4)]).toEqual([1, 0, 0, 0]);
    expect(() => decodeCard(bytes.with(at, 0))).toThrow(/segments: 0 entries are fewer than 1/);
  });
});

describe('frozen formats', () => {
  it('cards of all four layouts and both results', () => {
    const { picture, tensor } = identityCards();
    expect(sha256Hex(encodeCard(picture))).toMatchInlineSnapshot(
      `"a2911efafbd8159918820cd32645e3f8e098d3aceb71b0e73598c75d1da81800"`,
    );
    expect(sha256Hex(encodeCard(tensor))).toMatchInlineSnapshot(
      `"b7f0f5f17f185710e36706812a52c933047e5c33619e2ddf9df7367f55d68f9b"`,
    );
  });
});
