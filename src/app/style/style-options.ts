// What a service is told of a style's run: the size of the code, its colours, and nothing of its text.
import type { Preference, PriceWeights } from '../../plan/preference.ts';
import type { NetworkOptions, StyleOptions } from '../../protocol/service.ts';
import type { StyleColours } from '../../style/colours.ts';
import type { PixelsPerModule } from '../../style/recipe.ts';
import { directionOf, type Style } from '../../style/styles.ts';
import type { BackendName } from '../session/backends.ts';

/** How a picture is to be drawn. */
export interface Drawing {
  readonly style: Style;
  readonly colours: StyleColours;
  readonly pixelsPerModule: PixelsPerModule;
  readonly backend: BackendName;
  /** What its plan is chosen by; small keys unless given, since they serve one picture. */
  readonly prefer?: Preference | PriceWeights | undefined;
}

/** The public options of `drawing` for a code of `modules` by `modules`. The simulation runs the kernel's plan. */
export function styleOptions(drawing: Drawing, modules: number): StyleOptions {
  const { style, colours, pixelsPerModule, backend, prefer } = drawing;
  const { start, end, background } = colours;
  return {
    kind: 'style',
    modules,
    pixelsPerModule,
    colours: { start, end, background },
    direction: directionOf(style),
    backend: backend === 'clear' ? 'simd' : backend,
    ...(prefer !== undefined && { prefer }),
  };
}

/** The same where the service is given the network for that size: colours and gradient are in it. */
export function networkOptions({ backend, prefer = 'small-keys' }: Drawing): NetworkOptions {
  return { kind: 'network', picture: true, prefer, backend: backend === 'clear' ? 'simd' : backend };
}
