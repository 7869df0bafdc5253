// How far a decrypted picture may be from the float network's: the client's own word, pinned with the styles.
import type { BackendName } from '../session/backends.ts';
import type { StyleId } from '../../style/styles.ts';
import bounds from './verification-bounds.json' with { type: 'json' };

/** No picture's bound is above this: two grey levels of 255. */
export const HIGHEST_BOUND = 2 / 255;

/** Side lengths, in modules, up to which one bound serves: codes of versions 1 to 6, 7 to 20, 21 to 40. */
const SIZES = [41, 97, 177] as const;

/** Number of the class of sizes that a code of `modules` by `modules` is in. */
export function sizeClass(modules: number): number {
  return SIZES.findIndex((most) => modules <= most);
}

// A prediction is of typical noise: honest runs have gone beyond it. The pinned bounds have the same room.
const CARD_ROOM = 8;

/** A bound as a card may lower it: by its own prediction, with room for what honest runs show. It cannot raise it. */
export function loweredBy(errorBound: number, own: number): number {
  return Math.min(own, CARD_ROOM * errorBound);
}

/**
 * Largest accepted absolute difference of values in 0 to 1. A multiple of what honest runs show
 * (`npm run bounds` measures them and writes the file); {@link HIGHEST_BOUND} where none were measured.
 */
export function boundFor(style: StyleId, modules: number, backend: BackendName): number {
  const measured: Readonly<Record<string, readonly number[] | undefined>> = bounds;
  return measured[`${style}/${backend}`]?.[sizeClass(modules)] ?? HIGHEST_BOUND;
}
