// A session for styles: with this side's own copy of their networks beside it.
import { Session } from '../session/session.ts';
import type { SessionWorkers } from '../session/workers.ts';
import { type ModelLoader, StyleReferences } from './reference.ts';

/** A session and the references that its answers are held against. */
export class StyleSession extends Session {
  readonly references: StyleReferences;

  constructor(workers: SessionWorkers, loadModel: ModelLoader) {
    super({ workers, advice: 'Try a shorter text, or try again.' });
    this.references = new StyleReferences(loadModel);
  }
}
