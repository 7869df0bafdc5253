// The models of a service: the styles that it ships, and files that its user has given it.
import { SealedError } from '../base/errors.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { Sha256 } from '../protocol/card.ts';
import type { ModelEntry, ModelFile } from '../protocol/service.ts';
import { SERVED_STYLES, type Style, STYLES } from '../style/styles.ts';
import { BudgetCache } from './budget-cache.ts';
import type { ModelSource } from './compiler-role.ts';

/** Reads a file of the site's `public/` folder. */
export type ModelLoader = (path: string) => Promise<Uint8Array>;

// Files that a person opens in the lab one after the other must not pile up.
const MOST_FILE_BYTES = 256e6;

/** Models by id. */
export class Registry {
  readonly #load: ModelLoader;
  readonly #styles = new Map<string, Promise<ModelSource>>();
  readonly #files = new BudgetCache<ModelSource>(MOST_FILE_BYTES);

  constructor(load: ModelLoader) {
    this.#load = load;
  }

  /** The models that ship with the service. */
  entries(): ModelEntry[] {
    return STYLES.map(({ id, name }) => ({ id, title: name, kind: 'style' as const }));
  }

  /** Takes a file. Its id is the hash of all that was given, so that the same file under another shape is another model. */
  add(file: ModelFile): ModelEntry {
    const hash = sha256Hex(file.bytes);
    const { name, inputShape = null, layers = null, output = null } = file;
    const given = JSON.stringify([hash, name, inputShape, layers, output]);
    const id = sha256Hex(new TextEncoder().encode(given));
    this.#files.set(id, { kind: 'network', id, hash, file }, file.bytes.byteLength);
    return { id, title: file.name, kind: 'network' };
  }

  /** @throws SealedError `invalid-argument` for an unknown id, `load-failed` where a shipped file cannot be read */
  async source(id: Sha256): Promise<ModelSource> {
    const file = this.#files.get(id);
    if (file) return file;
    const style = SERVED_STYLES.find((candidate) => candidate.id === id);
    if (!style) {
      const known = STYLES.map((candidate) => candidate.id).join(', ');
      throw new SealedError(
        'invalid-argument',
        `There is no model "${id.slice(0, 80)}" here; load it again, or choose one of: ${known}.`,
        { stage: 'model' },
      );
    }
    return this.#style(style);
  }

  /** Reads every style's file. @throws SealedError `load-failed` */
  async warm(): Promise<void> {
    await Promise.all(SERVED_STYLES.map((style) => this.#style(style)));
  }

  #style({ id, model }: Style): Promise<ModelSource> {
    let loading = this.#styles.get(id);
    if (!loading) {
      loading = this.#load(model).then((bytes) => ({ kind: 'style', id, hash: sha256Hex(bytes), bytes }));
      loading.catch(() => this.#styles.delete(id));
      this.#styles.set(id, loading);
    }
    return loading;
  }
}
