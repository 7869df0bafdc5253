// Makes ready ahead of a run what does not depend on the text: the plan, the server roles' shares of it, the keys.
import { throwIfAborted } from '../../base/errors.ts';
import type { ServerBackendName } from '../../protocol/backends.ts';
import type { StyleColours } from '../../style/colours.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../../style/graph.ts';
import type { Style } from '../../style/styles.ts';
import type { StyleSession } from './style-session.ts';

/** What to make ready: a style for codes of one size. */
export interface Preparation {
  readonly style: Style;
  readonly colours: StyleColours;
  /** QR version, 1 to 40. */
  readonly version: number;
  readonly backend: ServerBackendName;
}

/** Modules along one side of a code of `version` (ISO/IEC 18004, 6.3.1). */
function modulesOf(version: number): number {
  return 17 + 4 * version;
}

/**
 * Makes `session` ready to style codes of one size, as `styleCode` would do first.
 * @returns the backend in use: `seal` where `simd` does not run
 * @throws SealedError `aborted` when the signal fires; what is done by then stays done
 */
export async function prepareStyle(
  session: StyleSession,
  { style: look, colours, version, backend }: Preparation,
  signal?: AbortSignal,
): Promise<ServerBackendName> {
  const style = look.served ?? look;
  const drawing = { style, colours, pixelsPerModule: DEFAULT_PIXELS_PER_MODULE, backend };
  const card = await session.styleCard(drawing, modulesOf(version), { signal });
  throwIfAborted(signal);
  await session.prepareKeys(card, { signal });
  return card.card.backend;
}
