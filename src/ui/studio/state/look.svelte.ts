// How the code shall look: the style, and each style's colours.
import { asSealedError, type SealedError } from '../../../base/errors.ts';
import type { Rgb } from '../../../base/raster.ts';
import { checkColours, type StyleColours } from '../../../style/colours.ts';
import type { StyleId } from '../../../style/reference.ts';
import { type Style, styleById, STYLES } from '../../../style/styles.ts';

/** The three colours a style has. */
export const COLOUR_NAMES = ['start', 'end', 'background'] as const;

/** One of {@link COLOUR_NAMES}. */
export type ColourName = (typeof COLOUR_NAMES)[number];

/** `#rrggbb`, as colour fields want it. */
export function toHex(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** The colour of `#rrggbb`. */
export function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function defaults(): Record<StyleId, StyleColours> {
  return Object.fromEntries(STYLES.map(({ id, defaultColours }) => [id, defaultColours])) as Record<
    StyleId,
    StyleColours
  >;
}

/** The style and its colours. */
export class Look {
  styleId = $state<StyleId>('liquid');
  #colours = $state.raw(defaults());

  readonly style = $derived<Style>(styleById(this.styleId));
  readonly colours = $derived<StyleColours>(this.#colours[this.styleId]);
  readonly isDefault = $derived(this.colours === this.style.defaultColours);
  /** Why a scanner could not tell these colours apart. */
  readonly error = $derived.by((): SealedError | undefined => {
    try {
      checkColours(this.colours, this.style.field);
      return undefined;
    } catch (error) {
      return asSealedError(error, 'style');
    }
  });

  coloursOf(id: StyleId): StyleColours {
    return this.#colours[id];
  }

  setColour(name: ColourName, colour: Rgb): void {
    this.#set({ ...this.colours, [name]: colour });
  }

  reset(): void {
    this.#set(this.style.defaultColours);
  }

  #set(colours: StyleColours): void {
    this.#colours = { ...this.#colours, [this.styleId]: colours };
  }
}
