// What a card may mean: sound ones pass, and each field that asks for nonsense or too much is refused by its name.
import { describe, expect, it } from 'vitest';
import { identityCards } from '../../fixtures/sample-cards.ts';
import { layers, pads, relu, work } from '../../fixtures/client-layers.ts';
import type { Card } from './card.ts';
import { checkCard } from './check-card.ts';

const { picture, tensor } = identityCards();

/** A copy of `card` with the value at `path` replaced, such as `segments.0.input.level`. */
function withField(card: Card, path: string, value: unknown): Card {
  const copy = structuredClone(card);
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = copy as unknown as Record<string, unknown>;
  for (const step of steps) at = at[step] as Record<string, unknown>;
  expect(Object.hasOwn(at, last), path).toBe(true);
  at[last] = value;
  return copy;
}

type Refusal = readonly [what: string, card: Card, path: string, value: unknown, field: string];

function expectRefusal(card: Card, field: string): void {
  const refusal = { code: 'malformed-frame', detail: expect.objectContaining({ field }) };
  expect(() => checkCard(card)).toThrow(expect.objectContaining(refusal));
}

/** A picture's output with a channel instead of three. */
function oneChannel(): Card['segments'][number]['output'] {
  const [{ output }] = picture.segments;
  if (output.layout.kind !== 'grid') throw new Error('a picture');
  return { ...output, layout: { ...output.layout, shape: [1, 4, 4] }, count: 1 };
}

describe('checkCard', () => {
  it('passes sound cards through', () => {
    for (const card of [picture, tensor]) expect(checkCard(card)).toBe(card);
  });

  const input = 'segments.0.input';
  const output = 'segments.0.output';
  it.each<Refusal>([
    ['a name that moves the cursor', picture, 'name', 'a\u001b[1A', 'name'],
    ['a model on two lines', picture, 'model', 'a\nb', 'model'],
    ['words that turn the text around', picture, 'serverLearns', ['a', '\u202eb'], 'serverLearns[1]'],
    ['a separator of paragraphs', picture, 'clientLearns', ['\u2029'], 'clientLearns[0]'],
    ['a degree that there is not', picture, 'parameters.polyModulusDegree', 3000, 'parameters'],
    ['a degree beyond the table', picture, 'parameters.polyModulusDegree', 65536, 'parameters'],
    [
      'primes beyond the wire',
      picture,
      'parameters',
      { polyModulusDegree: 8192, coeffModulusBits: [33, 33, 33] },
      'parameters',
    ],
    ['a special prime that is smaller', picture, 'parameters.coeffModulusBits', [17, 18, 17], 'parameters'],
    ['no segment', picture, 'segments', [], 'segments.length'],
    [
      'more segments than any network',
      tensor,
      'segments',
      Array.from({ length: 65 }, () => tensor.segments[0]),
      'segments.length',
    ],
    ['a level above the highest', picture, `${input}.level`, 2, 'segments[0].input.level'],
    ['half a level', picture, `${input}.level`, 0.5, 'segments[0].input.level'],
    ['a level that rises', tensor, `${input}.level`, 0, 'segments[0].relinearize'],
    ['an output above its input', picture, `${input}.level`, 0, 'segments[0].output.level'],
    ['a product that takes no level', picture, 'segments.0.relinearize', true, 'segments[0].relinearize'],
    ['a scale of 0', picture, `${input}.scale`, 0, 'segments[0].input.scale'],
    ['a negative scale', picture, `${input}.scale`, -(2 ** 16), 'segments[0].input.scale'],
    ['a scale that is no number', picture, `${output}.scale`, NaN, 'segments[0].output.scale'],
    ['an infinite scale', picture, `${output}.scale`, Infinity, 'segments[0].output.scale'],
    ['a scale beyond the modulus', picture, `${input}.scale`, 2 ** 34, 'segments[0].input.scale'],
    [
      'a scale beyond the modulus of its level',
      tensor,
      `${output}.scale`,
      2 ** 17,
      'segments[0].output.scale',
    ],
    ['fewer ciphertexts than the layout', picture, `${input}.count`, 2, 'segments[0].input.count'],
    ['more ciphertexts than the layout', tensor, `${output}.count`, 2, 'segments[0].output.count'],
    ['keys cut for SEAL', picture, 'backend', 'seal', 'segments'],
    [
      'a key cut above its input',
      picture,
      'segments.0.keyLevels.rotations',
      [1, 2],
      'segments[0].keyLevels.rotations[1]',
    ],
    [
      'a key without a level',
      picture,
      'segments.0.keyLevels.rotations',
      [1],
      'segments[0].keyLevels.rotations.length',
    ],
    [
      'a level without a key',
      picture,
      'segments.0.keyLevels.relinearize',
      1,
      'segments[0].keyLevels.relinearize',
    ],
    [
      'a product that its key cannot serve',
      tensor,
      'segments.0.keyLevels',
      { relinearize: 0, rotations: [] },
      'segments[0].keyLevels.relinearize',
    ],
    ['a rotation by 0', picture, 'segments.0.rotationSteps', [0, 1], 'segments[0].rotationSteps[0]'],
    [
      'a rotation by all slots',
      picture,
      'segments.0.rotationSteps',
      [1, 1024],
      'segments[0].rotationSteps[1]',
    ],
    [
      'rotations that do not ascend',
      picture,
      'segments.0.rotationSteps',
      [5, 1],
      'segments[0].rotationSteps[1]',
    ],
    ['a rotation twice', picture, 'segments.0.rotationSteps', [5, 5], 'segments[0].rotationSteps[1]'],
    ['half a rotation', picture, 'segments.0.rotationSteps', [0.5], 'segments[0].rotationSteps[0]'],
    [
      'a channel that is not there',
      picture,
      `${input}.layout.taps.2.channel`,
      3,
      'segments[0].input.layout.taps[2].channel',
    ],
    [
      'a tap far away',
      picture,
      `${input}.layout.taps.1.dy`,
      -(2 ** 15) - 1,
      'segments[0].input.layout.taps[1].dy',
    ],
    ['a tap half way', picture, `${input}.layout.taps.1.dx`, 0.5, 'segments[0].input.layout.taps[1].dx'],
    ['no tap', picture, `${input}.layout.taps`, [], 'segments[0].input.layout.taps.length'],
    ['a stride of 0', picture, `${input}.layout.strides`, [1, 0], 'segments[0].input.layout.strides[1]'],
    ['no position', picture, `${input}.layout.positions`, [0, 4], 'segments[0].input.layout.positions[0]'],
    [
      'more positions than a tile',
      picture,
      `${input}.layout.positions`,
      [4, 5],
      'segments[0].input.layout.blocks.tilePositions',
    ],
    [
      'positions without end',
      picture,
      `${input}.layout.positions`,
      [2 ** 20, 2 ** 20],
      'segments[0].input.layout.positions',
    ],
    [
      'slots of other parameters',
      picture,
      `${output}.layout.blocks.slots`,
      2048,
      'segments[0].output.layout.blocks.slots',
    ],
    [
      'three blocks',
      picture,
      `${output}.layout.blocks.blocksPerCiphertext`,
      3,
      'segments[0].output.layout.blocks.blocksPerCiphertext',
    ],
    [
      'blocks too small for a tile',
      picture,
      `${output}.layout.blocks.blocksPerCiphertext`,
      128,
      'segments[0].output.layout.blocks.blocksPerCiphertext',
    ],
    [
      'blocks of another size',
      picture,
      `${output}.layout.blocks.blockSlots`,
      512,
      'segments[0].output.layout.blocks.blockSlots',
    ],
    [
      'tiles that are not there',
      picture,
      `${output}.layout.blocks.tiles`,
      2,
      'segments[0].output.layout.blocks.tiles',
    ],
    [
      'a grid of another size',
      picture,
      `${output}.layout.shape`,
      [3, 4, 5],
      'segments[0].output.layout.blocks.tilePositions',
    ],
    ['a size of 0', picture, `${output}.layout.shape`, [0, 4, 4], 'segments[0].output.layout.shape[0]'],
    [
      'a tensor without end',
      tensor,
      `${input}.layout.shape`,
      [2 ** 12, 2 ** 13],
      'segments[0].input.layout.shape',
    ],
    [
      'a source beyond the input',
      tensor,
      `${input}.layout.sources.1`,
      Int32Array.of(0, 2),
      'segments[0].input.layout.sources[1]',
    ],
    [
      'a source before the input',
      tensor,
      `${input}.layout.sources.0`,
      Int32Array.of(-2, 0),
      'segments[0].input.layout.sources[0]',
    ],
    [
      'a table that is too long',
      tensor,
      `${input}.layout.sources.0`,
      Int32Array.of(0, 0, 0),
      'segments[0].input.layout.sources[0]',
    ],
    ['no table', tensor, `${input}.layout.sources`, [], 'segments[0].input.layout.sources.length'],
    ['a batch of three', tensor, `${input}.layout.batch`, 3, 'segments[0].input.layout.batch'],
    ['a batch beyond the slots', tensor, `${input}.layout.batch`, 2048, 'segments[0].input.layout.batch'],
    ['slots that there are not', tensor, `${input}.layout.slots`, 512, 'segments[0].input.layout.slots'],
    [
      'a batch of more than fits',
      tensor,
      `${input}.layout.shape`,
      [2 ** 18],
      'segments[0].input.layout.batch',
    ],
    [
      'a ciphertext that is not there',
      tensor,
      `${output}.layout.ciphertext`,
      Int32Array.of(0, 1),
      'segments[0].output.layout.ciphertext',
    ],
    [
      'a negative ciphertext',
      tensor,
      `${output}.layout.ciphertext`,
      Int32Array.of(0, -1),
      'segments[0].output.layout.ciphertext',
    ],
    [
      'a position beyond the slots',
      tensor,
      `${output}.layout.position`,
      Int32Array.of(0, 2),
      'segments[0].output.layout.position',
    ],
    [
      'two elements at one place',
      tensor,
      `${output}.layout.position`,
      Int32Array.of(1, 1),
      'segments[0].output.layout.position',
    ],
    [
      'an element without a place',
      tensor,
      `${output}.layout.position`,
      Int32Array.of(1),
      'segments[0].output.layout.position',
    ],
    ['ciphertexts without end', tensor, `${output}.layout.count`, 2 ** 20, 'segments[0].output.layout.count'],
    [
      'layers that take more than there is',
      tensor,
      'segments.0.client',
      layers(3),
      'segments[0].client.input',
    ],
    [
      'layers that give more than is taken',
      tensor,
      'segments.0.client',
      pads(2, 1),
      'segments[1].input.layout.shape',
    ],
    [
      'layers whose shapes do not fit',
      tensor,
      'segments.0.client',
      layers(2, relu('z', [3])),
      'segments[0].client',
    ],
    [
      'a layer that moves the cursor',
      tensor,
      'segments.0.client',
      layers(2, relu('\u0007', [2])),
      'segments[0].client.nodes[0].id',
    ],
    [
      'layers of more elements than fit',
      tensor,
      'segments.0.client',
      pads(2, 2 ** 25),
      'segments[0].client.nodes',
    ],
    [
      'a batch of more elements than fit',
      tensor,
      'segments.0.client',
      pads(2, 2 ** 18),
      'segments[0].client.output',
    ],
    ['work without end', tensor, 'segments.0.client', work(), 'segments'],
    ['a picture without three axes', tensor, 'result', { kind: 'picture', finish: [] }, 'result.kind'],
    ['a picture of one channel', picture, `${output}`, oneChannel(), 'result.finish'],
    [
      'channels that are no blocks',
      picture,
      'result.finish',
      [{ op: 'depthToSpace', block: 2 }],
      'result.finish[0].block',
    ],
    ['a block of 0', picture, 'result.finish', [{ op: 'depthToSpace', block: 0 }], 'result.finish[0].block'],
    [
      'renamings without end',
      picture,
      'result.finish',
      Array.from({ length: 9 }, () => ({ op: 'depthToSpace', block: 1 })),
      'result.finish.length',
    ],
    ['a result of another size', tensor, 'result.shape', [3], 'result.shape'],
    ['a result without size', tensor, 'result.shape', [0, 2], 'result.shape[0]'],
    ['a time that is no number', picture, 'expected.evaluateMs', NaN, 'expected.evaluateMs'],
    ['a negative error', picture, 'expected.errorBound', -1, 'expected.errorBound'],
    ['half a byte', picture, 'expected.keyBytes', 0.5, 'expected.keyBytes'],
    ['bytes without end', picture, 'expected.requestBytes', Infinity, 'expected.requestBytes'],
    ['a negative size', picture, 'expected.responseBytes', -1, 'expected.responseBytes'],
  ])('refuses %s', (_, card, path, value, field) => {
    expectRefusal(withField(card, path, value), field);
  });

  it('refuses insecure parameters as such', () => {
    const card = withField(picture, 'parameters.coeffModulusBits', [18, 18, 18]);
    const refusal = { code: 'insecure-parameters', message: expect.stringMatching(/^parameters: /) };
    expect(() => checkCard(card)).toThrow(expect.objectContaining(refusal));
  });

  it('refuses keys and ciphertexts that would fill the memory', () => {
    const large = { polyModulusDegree: 32768, coeffModulusBits: Array<number>(27).fill(32) };
    const blocks = {
      slots: 2 ** 14,
      blocksPerCiphertext: 1,
      blockSlots: 2 ** 14,
      tilePositions: 16,
      tiles: 1,
    };
    const withTaps = (taps: number, steps: number): Card => {
      const [segment] = structuredClone(picture).segments;
      const { input, output } = segment;
      if (input.layout.kind !== 'patches' || output.layout.kind !== 'grid') throw new Error('a picture');
      const all = Array.from({ length: taps }, () => ({ channel: 0, dy: 0, dx: 0 }));
      return {
        ...picture,
        parameters: large,
        segments: [
          {
            ...segment,
            input: { ...input, layout: { ...input.layout, blocks, taps: all }, level: 25, count: taps },
            output: { ...output, layout: { ...output.layout, blocks } },
            rotationSteps: Array.from({ length: steps }, (_, i) => i + 1),
            keyLevels: undefined,
          },
        ],
      };
    };
    // 6.8 MB a ciphertext, 184 MB a key.
    expect(() => checkCard(withTaps(150, 11))).not.toThrow();
    expectRefusal(withTaps(160, 11), 'segments[0].input.count');
    expectRefusal(withTaps(150, 12), 'segments');
    expectRefusal(withTaps(1, 4097), 'segments[0].rotationSteps.length');
  });
});
