// The card beside each committed network: what it is, how it was trained, how well it draws.

import type { StyleId } from '../src/style/reference.ts';
import type { Measurement } from './measure.ts';
import type { CodeSet } from './recipe.ts';

/** Contents of `public/models/<id>.card.json`. */
export interface StyleCard {
  readonly id: StyleId;
  /** SHA-256 of the ONNX file, hexadecimal. */
  readonly sha256: string;
  readonly architecture: string;
  readonly parameters: number;
  /** Of the shape network alone. */
  readonly multiplicationsPerModule: number;
  /** Colouring: one a pixel and colour channel. */
  readonly colourMultiplicationsPerModule: number;
  readonly training: TrainingRecord;
  /** The codes whose neighbourhoods weighted the loss. */
  readonly dataset: CodeSet;
  /** The codes the figures below come from, none of them in the dataset. */
  readonly measuredOn: CodeSet;
  readonly meanAbsoluteError: Measurement['meanAbsoluteError'];
  readonly maxAbsoluteError: Measurement['maxAbsoluteError'];
  readonly overshoot: Measurement['overshoot'];
  /** Largest magnitude after each layer over `measuredOn`. */
  readonly ranges: readonly { readonly layer: string; readonly maxAbsolute: number }[];
}

/** What train.py reports of its run. */
export interface TrainingRecord {
  /** Seed of the start that won. */
  readonly seed: number;
  /** Random starts tried. */
  readonly restarts: number;
  readonly loss: number;
  readonly trainedWith: string;
}
