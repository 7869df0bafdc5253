// Who publishes pictures: the client as it was, and the product, with and without a reference to hold answers against.
import { styleCode } from '../../src/app/style/pipeline.ts';
import type { StyleSession } from '../../src/app/style/style-session.ts';
import { encodePng } from '../../src/qr/png.ts';
import type { PublicStyle } from './drawing.ts';
import type { OldClient } from './old-client.ts';

/** Makes the PNG of a text and publishes it. @throws whatever the client throws where it hands nothing out */
export type Publisher = (text: string, drawn: PublicStyle) => Promise<Uint8Array>;

/** {@link OldClient}'s. */
export function oldPublisher(client: OldClient): Publisher {
  return async (text, drawn) => (await client.publish({ ...drawn, text })).png;
}

/** The product's. A session without references has nothing to verify with, and nothing to snap to. */
export function productPublisher(session: StyleSession, snap = true): Publisher {
  return async (text, drawn) =>
    encodePng((await styleCode(session, { ...drawn, text, backend: 'simd', snap })).raster);
}
