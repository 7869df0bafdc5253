// How dark and how light the two fields of a picture are held, from the liveliest to the safest.

/** Bounds of luma, 0 … 1, and the share of fine contrast that is kept. */
export interface ToneStep {
  readonly darkLow: number;
  readonly darkHigh: number;
  readonly lightLow: number;
  readonly lightHigh: number;
  readonly detail: number;
}

/** The ladder: where codes of a picture do not read, the next one is tried. */
export const TONE_STEPS: readonly ToneStep[] = [
  { darkLow: 0.05, darkHigh: 0.38, lightLow: 0.7, lightHigh: 0.99, detail: 0.8 },
  { darkLow: 0.05, darkHigh: 0.34, lightLow: 0.74, lightHigh: 0.99, detail: 0.6 },
  { darkLow: 0.05, darkHigh: 0.3, lightLow: 0.78, lightHigh: 0.99, detail: 0.45 },
  { darkLow: 0.06, darkHigh: 0.26, lightLow: 0.82, lightHigh: 0.98, detail: 0.3 },
  // All but flat.
  { darkLow: 0.08, darkHigh: 0.2, lightLow: 0.88, lightHigh: 0.97, detail: 0 },
];
