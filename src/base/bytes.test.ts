// Writing and reading back, across a growing buffer; reads past the end fail.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

describe('ByteWriter and ByteReader', () => {
  it('give back what was written, from a buffer that had to grow', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(255), fc.nat(65535), fc.bigInt(0n, 2n ** 64n - 1n), fc.double(), fc.uint8Array()),
        ),
        (rows) => {
          const writer = new ByteWriter(1);
          for (const [a, b, c, d, e] of rows)
            writer
              .u8(a)
              .u16(b)
              .u64(c)
              .f64(d)
              .i32(0 - b)
              .u32(e.length)
              .bytes(e);
          const reader = new ByteReader(writer.finish());
          for (const [a, b, c, d, e] of rows) {
            expect(reader.u8()).toBe(a);
            expect(reader.u16()).toBe(b);
            expect(reader.u64()).toBe(c);
            expect(reader.f64()).toBe(d);
            expect(reader.i32()).toBe(0 - b);
            expect([...reader.bytes(reader.u32())]).toEqual([...e]);
          }
          reader.end();
        },
      ),
    );
  });

  it('pads to a multiple with zeros, and reads no other padding', () => {
    const bytes = new ByteWriter(1).u8(7).align(4).align(4).u32(9).finish();
    expect([...bytes]).toEqual([7, 0, 0, 0, 9, 0, 0, 0]);
    const reader = new ByteReader(bytes);
    expect(reader.u8()).toBe(7);
    reader.align(4);
    reader.align(4);
    expect(reader.u32()).toBe(9);
    bytes[2] = 1;
    const strict = new ByteReader(bytes);
    strict.u8();
    expect(() => strict.align(4)).toThrow(/Padding/);
    const short = new ByteReader(bytes.subarray(0, 2));
    short.u8();
    expect(() => short.align(4)).toThrow(/Truncated/);
  });

  it('copies words out of a Buffer of Node’s, whose slice is a view', () => {
    const pool = Buffer.from([9, 9, 1, 0, 0, 0, 2, 0, 0, 0, 9]);
    const words = new ByteReader(pool.subarray(2, 10)).words(2);
    expect([...words]).toEqual([1, 2]);
    pool.fill(0xff);
    expect([...words]).toEqual([1, 2]);
  });

  it('refuses to read past the end and to leave bytes over', () => {
    const reader = new ByteReader(new Uint8Array(3));
    expect(() => reader.u32()).toThrow(/Truncated/);
    expect(() => reader.bytes(-1)).toThrow(/Truncated/);
    expect(() => reader.words(2 ** 40)).toThrow(/Truncated/);
    expect(() => reader.end()).toThrow(/3 bytes too many/);
  });
});
