// Explicit layouts: what is packed lies where the tables say, for every input of a batch, and comes back out.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packGather, unpackSlots } from './slot-layout.ts';

describe('packGather and unpackSlots', () => {
  it('are inverse where the tables agree', () => {
    const cases = fc
      .record({ batch: fc.constantFrom(1, 2, 8), size: fc.integer({ min: 1, max: 16 }), inputs: fc.nat(7) })
      .map((c) => ({ ...c, inputs: 1 + (c.inputs % c.batch) }));
    fc.assert(
      fc.property(cases, fc.nat(), ({ batch, size, inputs }, turn) => {
        const slots = 64;
        const ring = slots / batch;
        const ciphertext = new Int32Array(size);
        const position = new Int32Array(size);
        const sources = Array.from({ length: Math.ceil(size / ring) }, () => new Int32Array(ring).fill(-1));
        for (let e = 0; e < size; e += 1) {
          ciphertext[e] = Math.floor(e / ring);
          position[e] = (e + turn) % ring;
          sources[ciphertext[e]][position[e]] = e;
        }
        const shape = [size];
        const values = Float32Array.from({ length: inputs * size }, (_, i) => i + 1);
        const packed = packGather({ kind: 'gather', shape, batch, slots, sources }, values);
        const count = sources.length;
        const layout = { kind: 'slots', shape, batch, slots, count, ciphertext, position } as const;
        const unpacked = new Float32Array(values.length);
        packed.forEach((vector, index) => unpackSlots(layout, index, vector, unpacked));
        expect(unpacked).toEqual(values);
      }),
    );
  });

  it('put an element wherever a table names it, and 0 elsewhere', () => {
    const sources = [Int32Array.of(1, -1), Int32Array.of(1, 0)];
    const packed = packGather({ kind: 'gather', shape: [2], batch: 2, slots: 4, sources }, [5, 6, 7, 8]);
    expect(packed.map((vector) => [...vector])).toEqual([[6, 8, 0, 0], [6, 8, 5, 7]]); // prettier-ignore
  });

  it('refuse more inputs than fit', () => {
    const layout = { kind: 'gather', shape: [2], batch: 1, slots: 2, sources: [] } as const;
    expect(() => packGather(layout, [1, 2, 3, 4])).toThrow(/fit the batch/);
  });
});
