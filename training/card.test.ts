// Tests that each committed network is the one its card describes, and that it draws its style.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STYLES } from '../src/style/styles.ts';
import type { StyleCard } from './card.ts';
import { measure } from './measure.ts';
import { architecture, multiplicationsPerModule, parameterCount, readNetwork } from './network.ts';
import { sampleCodes } from './payloads.ts';

/** The bar of the project: mean absolute error of the coverage, 0 … 1. */
const BAR = 0.02;

/** Another seed than training, cards and each other use. */
const TEST_SEED = 31337;

describe.each(STYLES)('network of $id', (style) => {
  const network = readNetwork(style);
  const file = new URL(`../public/models/${style.id}.card.json`, import.meta.url);
  const card = JSON.parse(readFileSync(file, 'utf8')) as StyleCard;

  it('is the file its card describes', () => {
    expect(card).toMatchObject({
      id: style.id,
      sha256: network.sha256,
      architecture: architecture(network.graph),
      parameters: parameterCount(network.graph),
      multiplicationsPerModule: multiplicationsPerModule(network.graph),
    });
  });

  it('draws unseen codes within the bar, as its card says', () => {
    const measured = measure(network.graph, style.id, sampleCodes(TEST_SEED, 20, 1, 10));
    expect(card.measuredOn.count).toBe(500);
    expect(card.meanAbsoluteError).toBeLessThanOrEqual(BAR);
    expect(measured.meanAbsoluteError).toBeLessThanOrEqual(BAR);
    // Twenty codes estimate the figure of five hundred closely: the card must not promise more than is there.
    expect(measured.meanAbsoluteError).toBeLessThanOrEqual(1.2 * card.meanAbsoluteError + 1e-6);
  });

  it('keeps hidden values small enough for the scheme', () => {
    const hidden = card.ranges.filter(({ layer }) => layer.startsWith('conv'));
    for (const { maxAbsolute } of hidden) expect(maxAbsolute).toBeLessThanOrEqual(3);
  });

  it('would fail the bar on the shapes of another style', () => {
    const other = STYLES.find(({ id }) => id !== style.id)!;
    const measured = measure(network.graph, other.id, sampleCodes(TEST_SEED, 5, 1, 10));
    expect(measured.meanAbsoluteError).toBeGreaterThan(BAR);
  });
});
