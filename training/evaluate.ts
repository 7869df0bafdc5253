// Measures the committed networks on 500 unseen codes and writes their cards.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { TILE_PIXELS } from '../src/style/reference.ts';
import { STYLES, type Style } from '../src/style/styles.ts';
import type { StyleCard, TrainingRecord } from './card.ts';
import { measure } from './measure.ts';
import { architecture, multiplicationsPerModule, parameterCount, readNetwork } from './network.ts';
import { sampleCodes } from './payloads.ts';
import { TRAINING_CODES, UNSEEN_CODES } from './recipe.ts';

function cardOf(style: Style): StyleCard {
  const { graph, sha256 } = readNetwork(style);
  const { seed, count, versions } = UNSEEN_CODES;
  const measured = measure(graph, style.id, sampleCodes(seed, count, versions[0], versions[1]));
  const layers = architecture(graph).split(' · ');
  return {
    id: style.id,
    sha256,
    architecture: layers.join(' · '),
    parameters: parameterCount(graph),
    multiplicationsPerModule: multiplicationsPerModule(graph),
    colourMultiplicationsPerModule: 3 * TILE_PIXELS,
    training: trainingRecord(style, sha256),
    dataset: TRAINING_CODES,
    measuredOn: UNSEEN_CODES,
    meanAbsoluteError: rounded(measured.meanAbsoluteError),
    maxAbsoluteError: rounded(measured.maxAbsoluteError),
    overshoot: rounded(measured.overshoot),
    ranges: layers.map((layer, i) => ({ layer, maxAbsolute: rounded(measured.ranges[i]) })),
  };
}

/** From train.py's last run where its output is there, or else from the card of the same file. */
function trainingRecord(style: Style, sha256: string): TrainingRecord {
  const fresh = new URL(`.cache/${style.id}.training.json`, import.meta.url);
  if (existsSync(fresh)) return JSON.parse(readFileSync(fresh, 'utf8')) as TrainingRecord;
  const card = JSON.parse(readFileSync(cardFile(style), 'utf8')) as StyleCard;
  if (card.sha256 !== sha256)
    throw new Error(`${style.id}: trained elsewhere; run training/train.py here first.`);
  return card.training;
}

function cardFile(style: Style): URL {
  return new URL(`../public/models/${style.id}.card.json`, import.meta.url);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

console.table(
  await Promise.all(
    STYLES.map(async (style) => {
      const card = cardOf(style);
      const file = cardFile(style);
      const options = await resolveConfig(file);
      writeFileSync(file, await format(JSON.stringify(card), { ...options, parser: 'json' }));
      const { id, parameters, multiplicationsPerModule: multiplications, ...rest } = card;
      return {
        style: id,
        parameters,
        'multiplications a module': multiplications,
        'mean error': rest.meanAbsoluteError,
        'largest error': rest.maxAbsoluteError,
        overshoot: rest.overshoot,
      };
    }),
  ),
);
