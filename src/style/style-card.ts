// What is measured of a style: its card beside its features in public/models/, written by scripts/style-cards.ts.

/** Figures of a style at version 2, 8 pixels per module, on the SIMD kernel; reads at all the versions named. */
export interface StyleCard {
  /** SHA-256 of the feature network's file, hexadecimal. */
  readonly features: string;
  /** Bytes of feature network and recipe, compressed: all that the style is, for every version. */
  readonly fileBytes: number;
  /** Rescales of a run. */
  readonly levels: number;
  readonly polyModulusDegree: number;
  readonly logQP: number;
  /** Rotation keys, and whether it multiplies. */
  readonly rotationKeys: number;
  readonly relinearizes: boolean;
  readonly keyBytes: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Processor time of an evaluation, the least of some runs, one evaluator. */
  readonly evaluateMs: number;
  /** Processor time of making tables and plan for the first time. */
  readonly planMs: number;
  /** Largest difference from the float network over the encrypted runs, 0 to 1. */
  readonly largestError: number;
  /** Mean difference of the float network from the drawing, 0 to 1. */
  readonly drawingError: number;
  /** Fresh codes that read as drawn, before any correction. */
  readonly reads: {
    readonly versions: string;
    readonly codes: number;
    readonly zxing: number;
    readonly zbar: number;
  };
}

/** Where the card of the style called `id` lies, relative to `public/`. */
export function cardPath(id: string): string {
  return `models/${id}.card.json`;
}
