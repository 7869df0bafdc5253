// 1,000 damaged model files with fixed seeds (10,000 with scripts/mutate-models.ts): refused by code, or a sound graph.
import { describe, expect, it } from 'vitest';
import { mutate, tryImport, writtenOriginals } from '../../fixtures/model-mutations.ts';
import { Dice } from '../../fixtures/random-onnx.ts';

describe('damaged model files', () => {
  const originals = writtenOriginals();

  it('are made from sound ones', () => {
    expect(originals.map((original) => tryImport(original, original.bytes))).toEqual(
      originals.map(() => 'executed'),
    );
  });

  it('are refused with a code, or import as a graph that holds together', () => {
    const outcomes = { refused: 0, imported: 0, executed: 0 };
    for (let seed = 0; seed < 1000; seed++) {
      const dice = new Dice(seed);
      const original = dice.pick(originals);
      outcomes[tryImport(original, mutate(original.bytes, dice))]++;
    }
    expect(outcomes.refused).toBeGreaterThan(300);
    // Damaged weights are often NaN or infinite, and refused for that.
    expect(outcomes.executed).toBeGreaterThan(80);
  });
});
