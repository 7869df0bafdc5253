// A session for styles: with this side's own copy of their networks beside it, to hold answers against.
import type { ExpectedPicture } from '../../protocol/client.ts';
import { Session } from '../session/session.ts';
import type { SessionWorkers } from '../session/workers.ts';
import { type ModelLoader, StyleReferences } from './reference.ts';
import type { Drawing } from './style-options.ts';
import { boundFor } from './verification-bounds.ts';

/** A session and the references that its answers are held against. */
export class StyleSession extends Session {
  /** None where this side has no copy of the styles: then a wrong picture is not found out. */
  readonly references: StyleReferences | undefined;

  /** @param loadModel reads this side's copies of the styles' networks; undefined where it has none */
  constructor(workers: SessionWorkers, loadModel: ModelLoader | undefined) {
    super({ workers, advice: 'Try a shorter text, or try again.' });
    this.references = loadModel && new StyleReferences(loadModel);
  }

  /** What the picture of `dark`, modules row by row, must be; undefined where this side does not know. */
  async expected(
    { style, colours, pixelsPerModule, backend }: Drawing,
    modules: number,
    dark: ArrayLike<number>,
  ): Promise<ExpectedPicture | undefined> {
    const { references } = this;
    if (!references) return undefined;
    const reference = await references.picture(style, modules, colours, pixelsPerModule, dark);
    return { reference, bound: boundFor(style.id, modules, backend) };
  }
}
