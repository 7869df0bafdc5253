// How the code shall look: the style, and each style's colours.
import { asSealedError, type SealedError } from '../../../base/errors.ts';
import type { Rgb } from '../../../base/raster.ts';
import { type Direction, DIRECTIONS } from '../../../style/colour-field.ts';
import {
  checkColours,
  COLOUR_NAMES,
  type ColourName,
  correctedColours,
  sameColour,
  sameColours,
  type StyleColours,
} from '../../../style/colours.ts';
import { directed, EDGES, type Style, styleById, type StyleId, STYLES } from '../../../style/styles.ts';
import { startPictureWorker } from '../../../../workers/platform/browser-picture.ts';
import { OwnPicture } from './own-picture.svelte.ts';

function defaults(): Record<StyleId, StyleColours> {
  const own = STYLES.map(({ id, defaultColours }) => [id, defaultColours]);
  // A picture brings its own colours: these are never seen.
  return Object.fromEntries([...own, ['picture', EDGES.defaultColours]]) as Record<StyleId, StyleColours>;
}

/** The style, its direction and its colours. */
export class Look {
  styleId = $state<StyleId>('liquid');
  /** Of the styles that have one. */
  direction = $state<Direction>(DIRECTIONS[0]);
  #colours = $state.raw(defaults());

  readonly picture = new OwnPicture(startPictureWorker);
  readonly style = $derived<Style>(
    (this.styleId === 'picture' ? this.picture.style : undefined) ?? this.styleOf(this.styleId),
  );
  /** Whether the style has colours that may be chosen. */
  readonly hasColours = $derived(this.styleId !== 'picture');
  readonly colours = $derived<StyleColours>(this.#colours[this.styleId]);
  readonly isDefault = $derived(sameColours(this.colours, this.style.defaultColours));
  /** The colours that even the gentlest correction has to change. */
  readonly corrected = $derived.by((): readonly ColourName[] => {
    const made = correctedColours(this.colours, 0);
    return COLOUR_NAMES.filter((name) => !sameColour(this.colours[name], made[name]));
  });
  /** Why a scanner could not tell these colours apart. */
  readonly error = $derived.by((): SealedError | undefined => {
    try {
      checkColours(this.colours, this.style.field);
      return undefined;
    } catch (error) {
      return asSealedError(error, 'style');
    }
  });

  /** The style called `id`, in the direction chosen. */
  styleOf(id: StyleId): Style {
    const style = styleById(id);
    return style.directions.length > 0 ? directed(style, this.direction) : style;
  }

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
