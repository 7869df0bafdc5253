// The session behind the page: started at load, with everything it will ever fetch fetched then.
import { type Preparation, prepareStyle } from '../../../app/style/prepare.ts';
import type { StyleSession } from '../../../app/style/style-session.ts';
import { asSealedError, type SealedError } from '../../../base/errors.ts';
import { type StyleId, STYLES } from '../../../style/styles.ts';

/** The session and whether all of it has arrived. */
export class Engine {
  readonly session: StyleSession;
  readiness = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<SealedError | undefined>();
  /** What runs the server role here, once it is known. */
  backend = $state<'simd' | 'seal' | undefined>();
  /** The style that plan and keys have been made ready for. */
  preparedFor = $state<StyleId | undefined>();
  #preparing: AbortController | undefined;

  readonly #loadMore: () => Promise<void>;

  /**
   * @param session what it shall use; tests bring one of their own
   * @param loadMore fetches what else the page will need
   */
  constructor(session: StyleSession, loadMore: () => Promise<void> = () => Promise.resolve()) {
    this.session = session;
    this.#loadMore = loadMore;
    void this.load();
  }

  /** Fetches everything that is not there yet; may be called again after a failure. Never rejects. */
  async load(): Promise<void> {
    this.readiness = 'loading';
    this.error = undefined;
    try {
      await Promise.all([
        this.session.warm(),
        this.#loadMore(),
        ...STYLES.map((style) => this.session.references?.network(style)),
      ]);
      this.readiness = 'ready';
    } catch (thrown) {
      this.error = asSealedError(thrown);
      this.readiness = 'failed';
    }
  }

  /** Makes plan and keys for `preparation` ahead of their use, in the place of what is being prepared. */
  async prepare(preparation: Omit<Preparation, 'backend'>): Promise<void> {
    this.stopPreparing();
    this.preparedFor = undefined;
    const { signal } = (this.#preparing = new AbortController());
    try {
      this.backend = await prepareStyle(this.session, { ...preparation, backend: 'simd' }, signal);
      this.preparedFor = preparation.style.id;
    } catch {
      // The run that needs it will meet the same error and say it.
    }
  }

  /** Leaves the workers to a run. */
  stopPreparing(): void {
    this.#preparing?.abort();
  }
}
