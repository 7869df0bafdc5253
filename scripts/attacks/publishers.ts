// Who publishes pictures: the client as it was, the product, and the product where it has no reference to hold answers against.
import { styleCode } from '../../src/app/style/pipeline.ts';
import { styleOptions } from '../../src/app/style/style-options.ts';
import type { StyleSession } from '../../src/app/style/style-session.ts';
import { runSealed } from '../../src/app/session/run.ts';
import { Stages } from '../../src/app/session/stages.ts';
import { defined } from '../../src/base/assert.ts';
import { encodeQr } from '../../src/qr/matrix.ts';
import { encodePng } from '../../src/qr/png.ts';
import { correctAndProve } from '../../src/qr/prove.ts';
import type { Scanners } from '../../src/qr/scan.ts';
import { withoutFinders } from '../../src/style/drawing/eyes.ts';
import { groundOf, type PublicStyle } from './drawing.ts';
import type { OldClient } from './old-client.ts';

/** Makes the PNG of a text and publishes it. @throws whatever the client throws where it hands nothing out */
export type Publisher = (text: string, drawn: PublicStyle) => Promise<Uint8Array>;

/** {@link OldClient}'s. */
export function oldPublisher(client: OldClient): Publisher {
  return async (text, drawn) => (await client.publish({ ...drawn, text })).png;
}

/** The product's: verified and snapped. */
export function productPublisher(session: StyleSession): Publisher {
  return async (text, drawn) => {
    const request = { ...drawn, text, backend: 'simd', measurePrecision: true } as const;
    return encodePng((await styleCode(session, request)).raster);
  };
}

/** The product's for a style that its client does not have: what is decrypted is corrected, proven and handed out. */
export function unverifiedPublisher(session: StyleSession, scanners: Scanners): Publisher {
  return async (text, drawn) => {
    const code = encodeQr(text, { ecc: drawn.ecc });
    const options = styleOptions({ ...drawn, backend: 'simd' }, code.modules);
    const card = await session.card(drawn.style.id, options);
    const inputs = [withoutFinders(code.dark, code.modules)];
    const outcome = await runSealed(session, { card, inputs }, new Stages({}));
    const picture = defined(outcome.picture, 'a style ends in a picture');
    const proof = await correctAndProve({ ...groundOf(code, drawn), picture, text, scanners });
    return encodePng(proof.raster);
  };
}
