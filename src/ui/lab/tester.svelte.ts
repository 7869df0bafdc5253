// The parameter tester's part of the lab: a file of sets, a set that is typed, layers, and what came of them.
import { type Outcome, type TestReport } from '../../app/tester/run-config.ts';
import { parseLayerSpan } from '../../app/tester/layer-slice.ts';
import { pycrcnnResults } from '../../app/tester/pycrcnn-results.ts';
import { parseTestConfig, type TestConfig } from '../../app/tester/test-config.ts';
import { asSealedError, SealedError, throwIfAborted } from '../../base/errors.ts';
import type { LabEngine, NamedFile, OpenedModel } from './lab-engine.ts';

/** A set as it is typed: Pyfhel's names for BFV, N and primes for CKKS. */
export interface TypedSet {
  scheme: 'bfv' | 'ckks';
  m: string;
  p: string;
  sec: string;
  base: string;
  intDigits: string;
  fracDigits: string;
  flagBatching: boolean;
  degree: string;
  bits: string;
}

/** The notebook's set of PyCrCNN, and the customary primes of CKKS tutorials. */
const FIRST_SET: TypedSet = {
  scheme: 'bfv',
  m: '2048',
  p: '13513511',
  sec: '128',
  base: '2',
  intDigits: '64',
  fracDigits: '32',
  flagBatching: false,
  degree: '8192',
  bits: '60, 40, 40, 60',
};

/** The tester's state. One test at a time. */
export class TesterState {
  readonly #engine: Pick<LabEngine, 'test'>;
  readonly #opened: () => OpenedModel | undefined;
  file = $state.raw<NamedFile | undefined>();
  typed = $state<TypedSet>({ ...FIRST_SET });
  layersText = $state('');

  /** What came of each set so far; undefined for those that are not done. */
  results = $state.raw<readonly (Outcome | undefined)[]>([]);
  report = $state.raw<TestReport | undefined>();
  isBusy = $state(false);
  activity = $state('');
  share = $state<number | undefined>();
  error = $state.raw<SealedError | undefined>();
  #abort: AbortController | undefined;

  /** @param opened the model that is open in the lab */
  constructor(engine: Pick<LabEngine, 'test'>, opened: () => OpenedModel | undefined) {
    this.#engine = engine;
    this.#opened = opened;
  }

  /** Forgets what came of another model, and stops. */
  clear(): void {
    this.stop();
    this.#abort = undefined;
    this.isBusy = false;
    this.share = undefined;
    this.results = [];
    this.report = undefined;
    this.error = undefined;
    this.activity = '';
  }

  /** Stops the test that is under way. */
  readonly stop = (): void => this.#abort?.abort();

  /** Runs the sets of the file, or the set that is typed. Never rejects. */
  async run(source: 'file' | 'typed'): Promise<void> {
    this.clear();
    const opened = this.#opened();
    if (!opened) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.isBusy = true;
    try {
      const config = this.#config(source);
      const total = config.ckks.length + config.bfv.length;
      const results: (Outcome | undefined)[] = Array<undefined>(total).fill(undefined);
      this.results = results;
      this.activity = `Running ${total === 1 ? 'the set' : `${total} sets`}…`;
      const report = await this.#engine.test(opened, config, {
        // Times are to be compared: one after the other.
        threads: 1,
        signal: abort.signal,
        onShare: (index, share) => {
          if (abort.signal.aborted) return;
          this.share = share;
          this.activity = `Set ${index + 1} of ${total}, on ciphertexts of one value each…`;
        },
        onResult: (index, result) => {
          if (abort.signal.aborted) return;
          results[index] = result;
          this.results = [...results];
          this.share = undefined;
          this.activity = `${results.filter(Boolean).length} of ${total} done; then the same network packed…`;
        },
      });
      throwIfAborted(abort.signal);
      this.report = report;
      this.activity = 'Done.';
    } catch (thrown) {
      // What has been cleared, or begun anew, speaks for itself.
      if (this.#abort !== abort) return;
      const error = asSealedError(thrown, 'model');
      this.activity = error.code === 'aborted' ? 'Stopped.' : '';
      if (error.code !== 'aborted') this.error = error;
    } finally {
      if (this.#abort === abort) {
        this.isBusy = false;
        this.share = undefined;
      }
    }
  }

  /** The report in the form of PyCrCNN's results.json. */
  resultsJson(): string {
    return `${JSON.stringify(pycrcnnResults(this.report?.results ?? []), null, 4)}\n`;
  }

  /** @throws SealedError `invalid-argument` naming the field */
  #config(source: 'file' | 'typed'): TestConfig {
    const text = source === 'file' ? new TextDecoder().decode(this.file?.bytes) : JSON.stringify(this.#set());
    const config = parseTestConfig(text);
    const named = config.modelPath ?? config.inputPath;
    const note = `The file names "${named ?? ''}": a page opens no paths, so that the model and input chosen here are taken.`;
    const notes = named === undefined ? config.notes : [...config.notes, note];
    return { ...config, notes, layers: this.#layers() ?? config.layers };
  }

  #layers(): TestConfig['layers'] {
    if (this.layersText.trim() === '') return undefined;
    const span = parseLayerSpan(this.layersText);
    if (span) return span;
    const message = `Layers must be a range such as 0-3, or every layer of it, 0,1,2,3, not "${this.layersText}".`;
    throw new SealedError('invalid-argument', message, { stage: 'input' });
  }

  /** What is typed, as a parameter file. */
  #set(): object {
    const { scheme, degree, bits, flagBatching, m, p, sec, base, intDigits, fracDigits } = this.typed;
    if (scheme === 'ckks') {
      const coeffModulusBits = bits
        .split(/[^\d]+/)
        .filter(Boolean)
        .map(Number);
      return { sets: [{ polyModulusDegree: numberIn(degree), coeffModulusBits }] };
    }
    const numbers = { m, p, sec, base, intDigits, fracDigits };
    const given = Object.entries(numbers).filter(([, text]) => text.trim() !== '');
    const set = Object.fromEntries(given.map(([name, text]) => [name, numberIn(text)]));
    return { encryption_parameters: [{ ...set, flagBatching }] };
  }
}

/** What is no number stays what it is: the parser names the field. */
function numberIn(text: string): number | string {
  const number = Number(text.replace(/\s/g, ''));
  return Number.isFinite(number) ? number : text;
}
