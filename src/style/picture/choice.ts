// What may be asked of a picture, and what its fields are: for whoever draws with fields that are made elsewhere.

/** What may be made of a picture: a poster, the picture showing through, or one of three choices of its materials. */
export const PICTURE_KINDS = ['poster', 'picture', 'materials-1', 'materials-2', 'materials-3'] as const;

/** One of {@link PICTURE_KINDS}. */
export type PictureKind = (typeof PICTURE_KINDS)[number];

/** Pixels per module of the fields. */
export const FIELD_PIXELS = 8;

/** Width of the picture around the quiet zone of a poster, in modules. */
export const POSTER_FRAME = 5;

/** The fields of a code: RGB in 0 … 1, `side`² pixels, from `around` modules before the code. */
export interface PictureFields {
  readonly side: number;
  readonly around: number;
  readonly dark: Float32Array;
  readonly light: Float32Array;
  /** Of the pupils. */
  readonly accent: readonly [number, number, number];
}

/** Which fields of a picture to make. */
export interface FieldsRequest {
  readonly kind: PictureKind;
  /** Along one side of the code. */
  readonly modules: number;
  /** Of {@link TONE_STEPS}: 0 the liveliest. */
  readonly step: number;
  readonly seed: number;
}
