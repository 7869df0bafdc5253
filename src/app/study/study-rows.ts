// The rows of the study's table: which networks, from which files, and how each runs encrypted.
import type { StudyVersion } from './codes.ts';
import type { StudyStyle } from './gradients.ts';

/** A network of the table. */
export interface StudyRow {
  readonly id: string;
  /** What it is called in the table. */
  readonly name: string;
  /** Its file in training/study/networks without `.onnx`; none for the one that is written from a formula. */
  readonly file: string | undefined;
  /** Whether the client computes what the scheme cannot, in rounds of its own. */
  readonly clientOps: boolean;
  /** Whether it is shown to four readers at two sizes as well. */
  readonly readers: boolean;
  /** Whether the table of causes is made of it. */
  readonly causes: boolean;
}

const ROW = { clientOps: false, readers: false, causes: false } as const;

/** The published network and its kin, green to orange at 21×21. */
const GREEN: readonly StudyRow[] = [
  {
    ...ROW,
    id: 'leaky',
    name: 'Quant AE, float, LeakyReLU',
    file: 'quant-ae-leaky',
    clientOps: true,
    causes: true,
  },
  { ...ROW, id: 'quadratic', name: 'Quant AE, float, degree 2', file: 'quant-ae-quadratic' },
  { ...ROW, id: '8bit', name: 'Quant AE, degree 2, 8 bits', file: 'quant-ae-8bit', readers: true },
  { ...ROW, id: 'pruned', name: 'pruned as published, 8 bits', file: 'quant-ae-pruned' },
  { ...ROW, id: 'structured', name: 'pruned by structure, 8 bits', file: 'quant-ae-structured' },
  { ...ROW, id: 'collapse', name: 'its affine collapse, 8 bits', file: 'quant-ae-collapse' },
  { ...ROW, id: 'unet', name: 'U-Net, skips, average pools', file: 'unet-21' },
  { ...ROW, id: 'unet-transposed', name: 'U-Net, transposed convolutions', file: 'unet-21-transposed' },
];

const PURPLE: readonly StudyRow[] = [
  { ...ROW, id: '8bit', name: 'Quant AE, degree 2, 8 bits', file: 'quant-ae-purple-8bit', readers: true },
];

const LARGE: readonly StudyRow[] = [
  { ...ROW, id: '41', name: 'Quant AE 41×41, degree 2, 8 bits', file: 'quant-ae-41-8bit' },
];

/** Ours: a gradient of two colours is affine, and this is it. */
const AFFINE: StudyRow = {
  ...ROW,
  id: 'affine',
  name: 'ours, affine, closed form',
  file: undefined,
  readers: true,
};

/** The rows for a style at a version; the published networks are for green and orange at version 1, others where they were trained. */
export function rowsFor(style: StudyStyle, version: StudyVersion): StudyRow[] {
  if (version === 6) return style === 'green_orange' ? [...LARGE, AFFINE] : [AFFINE];
  return [...(style === 'green_orange' ? GREEN : PURPLE), AFFINE];
}

/** The float network with its weights rounded to `bits`. */
export function bitsRow(bits: number): StudyRow {
  return {
    ...ROW,
    id: `bits-${bits}`,
    name: `Quant AE, degree 2, ${bits} bits after training`,
    file: 'quant-ae-quadratic',
  };
}
