// The combinators: back as it was, one encoding a value, nothing else read, nothing made before it is checked.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesLeftBy } from '../../fixtures/codec-mutations.ts';
import { type Codec, decode, encode } from './codec.ts';
import {
  bool,
  byteUpTo,
  extended,
  finite,
  format,
  i32,
  list,
  mapped,
  nameOf,
  omittable,
  optional,
  record,
  text,
  tuple,
  u32,
  u8,
  union,
  wordUpTo,
} from './codecs.ts';
import { float32Array, int32Array } from './number-arrays.ts';

const malformed = expect.objectContaining({ code: 'malformed-frame' });
const unencodable = expect.objectContaining({ code: 'invalid-argument' });

type Shape =
  | { readonly kind: 'circle'; readonly radius: number }
  | { readonly kind: 'path'; readonly points: readonly (readonly [number, number])[] }
  | { readonly kind: 'nothing' };

interface Drawing {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly table: Int32Array;
  readonly weights: Float32Array;
  readonly limit: number;
  readonly isClosed: boolean;
  readonly mode: 'even' | 'odd';
  readonly offset: number | undefined;
  readonly note?: string;
}

const shape = union<Shape, 'kind'>('kind', {
  circle: [1, record({ radius: finite })],
  path: [2, record<{ points: readonly (readonly [number, number])[] }>({ points: list(tuple(u32, 2), 20) })],
  nothing: [7, record<object>({})],
});

const drawing: Codec<Drawing> = format(
  'DRAW',
  3,
  'a drawing',
  record<Drawing>({
    name: text(80),
    shapes: list(shape, 5),
    table: int32Array(9),
    weights: float32Array(9),
    limit: extended,
    isClosed: bool,
    mode: nameOf({ even: 4, odd: 5 }),
    offset: optional(i32),
    note: omittable(text(9)),
  }),
);

// No −0: it is written as 0, which is another value to toEqual.
const number = fc.double({ noNaN: true }).map((value) => value + 0);
const finiteNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const anyDrawing: fc.Arbitrary<Drawing> = fc
  .record(
    {
      name: fc.string({ unit: 'grapheme', maxLength: 10 }).filter((name) => Buffer.byteLength(name) <= 80),
      shapes: fc.array(
        fc.oneof(
          finiteNumber.map((radius) => ({ kind: 'circle', radius }) as const),
          fc
            .array(fc.tuple(word, word), { maxLength: 20 })
            .map((points) => ({ kind: 'path', points }) as const),
          fc.constant({ kind: 'nothing' } as const),
        ),
        { maxLength: 5 },
      ),
      table: fc.int32Array({ maxLength: 9 }),
      weights: fc
        .float32Array({ maxLength: 9, noNaN: true, noDefaultInfinity: true })
        .map((values) => values.map((value) => value + 0)),
      limit: number,
      isClosed: fc.boolean(),
      mode: fc.constantFrom('even', 'odd'),
      offset: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { nil: undefined }),
    },
    { noNullPrototype: true },
  )
  .chain((value) =>
    fc
      .option(fc.string({ unit: 'binary-ascii', maxLength: 9 }), { nil: undefined })
      .map((note) => (note === undefined ? value : { ...value, note })),
  );

describe('codecs', () => {
  it('give back what was written, with the same properties', () => {
    fc.assert(
      fc.property(anyDrawing, (value) => {
        const bytes = encode(drawing, value);
        const decoded = decode(drawing, bytes);
        expect(decoded).toStrictEqual(value);
        expect(encode(drawing, decoded)).toEqual(bytes);
        expect(bytes.length).toBeGreaterThanOrEqual(drawing.minBytes);
      }),
    );
  });

  it('read no bytes but those that they write', () => {
    const mutation = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('change', 'cut', 'add'));
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyDrawing, fc.array(mutation, { minLength: 1, maxLength: 3 }), (value, mutations) => {
        let bytes: Uint8Array = encode(drawing, value);
        for (const [position, byte, how] of mutations) {
          const at = position % (bytes.length + 1);
          if (how === 'cut') bytes = bytes.slice(0, at);
          else if (how === 'add')
            bytes = Uint8Array.of(...bytes.subarray(0, at), byte, ...bytes.subarray(at));
          else if (at < bytes.length) bytes[at] = byte;
        }
        let decoded: Drawing;
        try {
          decoded = decode(drawing, bytes);
        } catch (error) {
          expect(error).toEqual(malformed);
          refused += 1;
          return;
        }
        expect(encode(drawing, decoded)).toEqual(bytes);
        accepted += 1;
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(20);
  });

  it('refuse every truncation and every extension', () => {
    const bytes = encode(drawing, fc.sample(anyDrawing, { numRuns: 1, seed: 1 })[0]);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decode(drawing, bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => decode(drawing, Uint8Array.of(...bytes, 0))).toThrow(/1 bytes too many/);
  });

  it('give out copies: changing the bytes afterwards changes nothing', () => {
    const arrays = record<{ table: Int32Array; weights: Float32Array }>({
      table: int32Array(2),
      weights: float32Array(2),
    });
    const value = { table: Int32Array.of(-1, 5), weights: Float32Array.of(0.5, 2) };
    const bytes = encode(arrays, value);
    const decoded = decode(arrays, bytes);
    bytes.fill(0xff);
    expect(decoded).toStrictEqual(value);
  });

  it('say which field is wrong, in reading and in writing', () => {
    const value: Drawing = {
      name: 'a',
      shapes: [{ kind: 'nothing' }, { kind: 'path', points: [[1, 2]] }],
      table: new Int32Array(),
      weights: new Float32Array(),
      limit: 1,
      isClosed: true,
      mode: 'odd',
      offset: undefined,
    };
    const wrong = { ...value, shapes: [value.shapes[0], { kind: 'path', points: [[1, -2]] } as const] };
    const path = 'shapes[1].points[0][1]';
    expect(() => encode(drawing, wrong)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', detail: { field: path } }),
    );
    expect(() => encode(drawing, wrong)).toThrow(`${path}: -2 is not a whole number from 0 to 4294967295.`);
    const bytes = encode(drawing, value);
    const at = 5 + 4 + 1 + 4 + 1;
    expect(bytes[at]).toBe(2);
    bytes[at] = 3;
    expect(() => decode(drawing, bytes)).toThrow('shapes[1]: There is no kind 3.');
  });
});

/** Little-endian bytes of numbers of 32 bits. */
const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const doubleBytes = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);

describe('one encoding a value', () => {
  it('−0 is written as 0 and not read', () => {
    for (const codec of [finite, extended]) {
      expect(encode(codec, -0)).toEqual(doubleBytes(0));
      expect(() => decode(codec, doubleBytes(-0))).toThrow(malformed);
    }
    expect(encode(float32Array(2), Float32Array.of(-0, 1))).toEqual(
      encode(float32Array(2), Float32Array.of(0, 1)),
    );
    expect(() => decode(float32Array(2), words(1, 0x8000_0000))).toThrow(malformed);
    for (const codec of [u8, u32, i32]) expect(decode(codec, encode(codec, -0))).toBe(0);
  });

  it('NaN is neither written nor read, whatever its bits', () => {
    for (const codec of [finite, extended]) {
      expect(() => encode(codec, NaN)).toThrow(unencodable);
      for (const high of [0x7ff8_0000, 0xfff8_0000, 0x7ff0_0000, 0x7fff_ffff]) {
        expect(() => decode(codec, words(1, high))).toThrow(malformed);
      }
    }
    expect(() => encode(float32Array(1), Float32Array.of(NaN))).toThrow(unencodable);
    for (const bits of [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001]) {
      expect(() => decode(float32Array(1), words(1, bits))).toThrow(malformed);
    }
  });

  it('infinity is a number only where it is asked for', () => {
    for (const value of [Infinity, -Infinity]) {
      expect(decode(extended, encode(extended, value))).toBe(value);
      expect(() => encode(finite, value)).toThrow(unencodable);
      expect(() => decode(finite, doubleBytes(value))).toThrow(malformed);
      expect(() => encode(float32Array(1), Float32Array.of(value))).toThrow(unencodable);
    }
    expect(() => decode(float32Array(1), words(1, 0x7f80_0000))).toThrow(malformed);
  });

  it('a text is valid UTF-8, a byte order mark and all', () => {
    const codec = text(8);
    for (const value of ['', 'ä€', '\u{1f600}', '\ufeffa', '\0']) {
      expect(decode(codec, encode(codec, value))).toBe(value);
    }
    const raw = (...bytes: readonly number[]) => Uint8Array.of(...words(bytes.length), ...bytes);
    // An overlong zero, half of a surrogate pair, a lone continuation, a cut sequence.
    for (const bytes of [raw(0xc0, 0x80), raw(0xed, 0xa0, 0x80), raw(0x80), raw(0xe2, 0x82)]) {
      expect(() => decode(codec, bytes)).toThrow(malformed);
    }
    expect(() => encode(codec, '\ud800')).toThrow(unencodable);
  });

  it('a flag is 0 or 1, padding is zero', () => {
    expect(() => decode(bool, Uint8Array.of(2))).toThrow(/neither 0 nor 1/);
    expect(() => decode(optional(u8), Uint8Array.of(2, 5))).toThrow(/neither 0 nor 1/);
    const aligned = record<{ flag: boolean; table: Int32Array }>({ flag: bool, table: int32Array(1) });
    const bytes = encode(aligned, { flag: true, table: Int32Array.of(3) });
    expect([...bytes]).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
    for (const at of [5, 6, 7]) expect(() => decode(aligned, bytes.with(at, 1))).toThrow(/Padding/);
  });
});

describe('limits', () => {
  it('hold in writing and in reading', () => {
    const cases: readonly (readonly [Codec<unknown>, unknown, unknown])[] = [
      [text(3), 'abc', 'abcd'],
      [list(u8, 2), [1, 2], [1, 2, 3]],
      [list(u8, 3, 2), [1, 2], [1]],
      [int32Array(1), Int32Array.of(1), Int32Array.of(1, 2)],
      [float32Array(1), Float32Array.of(1), Float32Array.of(1, 2)],
      [byteUpTo(7, 2), 7, 8],
      [byteUpTo(7, 2), 2, 1],
      [wordUpTo(300, 2), 300, 301],
      [u8, 255, 1.5],
      [tuple(u8, 2), [1, 2], [1, 2, 3]],
      [nameOf({ a: 1 }), 'a', 'constructor'],
    ];
    for (const [codec, sound, wrong] of cases) {
      expect(decode(codec, encode(codec, sound))).toEqual(sound);
      expect(() => encode(codec, wrong)).toThrow(unencodable);
    }
    expect(() => decode(text(3), Uint8Array.of(4, 0, 0, 0, 97, 97, 97, 97))).toThrow(/longer than 3/);
    expect(() => decode(list(u8, 2), Uint8Array.of(3, 0, 0, 0, 1, 2, 3))).toThrow(/more than 2/);
    expect(() => decode(list(u8, 3, 2), Uint8Array.of(1, 0, 0, 0, 1))).toThrow(/fewer than 2/);
    expect(() => decode(int32Array(1), words(2, 1, 2))).toThrow(/more than 1/);
    expect(() => decode(float32Array(1), words(2, 1, 2))).toThrow(/more than 1/);
    expect(() => decode(byteUpTo(7, 2), Uint8Array.of(8))).toThrow(malformed);
    expect(() => decode(wordUpTo(7, 2), words(1))).toThrow(malformed);
  });

  it('are checked against the bytes there are before anything is made', () => {
    const most = 2 ** 31;
    const promises: readonly (readonly [Codec<unknown>, Uint8Array])[] = [
      [text(most), words(most - 1)],
      [list(u8, most), words(most - 1)],
      [list(record<object>({}), most), words(most - 1)],
      [list(tuple(u32, 4), most), words(3, 0, 0, 0, 0, 0)],
      [int32Array(most), words(most - 1)],
      [float32Array(most), words(most - 1)],
    ];
    for (const [codec, bytes] of promises) {
      const { bytes: taken } = bytesLeftBy(() => expect(() => decode(codec, bytes)).toThrow(/Truncated/));
      expect(taken).toBeLessThan(2 ** 22);
    }
    // The measure would see it.
    expect(bytesLeftBy(() => new Float64Array(2 ** 22)).bytes).toBeGreaterThan(2 ** 24);
  });
});

describe('format', () => {
  const codec = format('ABCD', 2, 'a letter', u8);

  it('names other bytes and other formats', () => {
    const bytes = encode(codec, 9);
    expect([...bytes]).toEqual([65, 66, 67, 68, 2, 9]);
    expect(() => decode(codec, bytes.with(0, 66))).toThrow('This is not a letter.');
    expect(() => decode(codec, bytes.with(4, 1))).toThrow(/a letter of format 1; only format 2/);
  });
});

describe('union and mapped', () => {
  it('do not compile without a codec for each case', () => {
    // @ts-expect-error: `nothing` has none.
    const incomplete = union<Shape, 'kind'>('kind', {
      circle: [1, record({ radius: finite })],
      path: [
        2,
        record<{ points: readonly (readonly [number, number])[] }>({ points: list(tuple(u32, 2), 2) }),
      ],
    });
    expect(() => encode(incomplete, { kind: 'nothing' })).toThrow(unencodable);
  });

  it('store one thing as another', () => {
    const even = mapped<number, number>(
      u8,
      (value) => value / 2,
      (stored) => stored * 2,
    );
    expect([...encode(even, 8)]).toEqual([4]);
    expect(decode(even, Uint8Array.of(4))).toBe(8);
    expect(() => encode(even, 7)).toThrow(unencodable);
  });
});
