// Everything the lab page holds: the files, the forms, and what has come of them.
import { pythonSnippet } from '../../app/network/python-snippet.ts';
import type { StageName } from '../../app/session/stages.ts';
import { asSealedError, SealedError, throwIfAborted } from '../../base/errors.ts';
import { writeNpy } from '../../import/numpy.ts';
import type { Preference } from '../../plan/preference.ts';
import { pictureOf, type PictureForm, type Stroke } from './drawing.ts';
import { type Example, formFor } from './examples.ts';
import { fetchAsset } from './fetch-asset.ts';
import { isChoice, likelihoodsOf } from './outcome.ts';
import {
  LabEngine,
  type LabOptions,
  type ModelPlanReport,
  type ModelRunReport,
  type NamedFile,
  type OpenedModel,
  type ShownPlan,
  type SweepResult,
} from './lab-engine.ts';
import { formatShare } from '../shared/figures.ts';
import { TesterState } from './tester.svelte.ts';

/** What is going on. */
export type LabPhase = 'idle' | 'planning' | 'running' | 'sweeping';

/** What the lab asks of the engine. */
export type LabWork = Pick<LabEngine, 'open' | 'plan' | 'run' | 'sweep' | 'test'>;

/** What the page calls an input that was drawn on it. */
const DRAWING = 'your drawing.npy';

/** What is going on in each stage, in words. */
const ACTIVITIES: Partial<Record<StageName, string>> = {
  keygen: 'Making keys…',
  encrypt: 'Encrypting…',
  evaluate: 'The server computes on ciphertext…',
  decrypt: 'Decrypting…',
};

/** The lab's state. */
export class Lab {
  readonly #engine: LabWork;
  readonly tester: TesterState;
  model = $state.raw<NamedFile | undefined>();
  input = $state.raw<NamedFile | undefined>();
  /** Samples of the model's owner, which ranges are taken from. */
  samples = $state.raw<NamedFile | undefined>();
  rangeText = $state('');
  prefer = $state<Preference>('balanced');
  shapeText = $state('');
  layerList = $state('');
  refreshText = $state('');
  clientOps = $state(false);
  simulated = $state(false);
  layersReport = $state(false);
  freshKeys = $state(false);
  inputCount = $state(1);
  /** Place of the last layer that the server computes; undefined for all that it can. */
  cut = $state.raw<number | undefined>();
  /** To the server and back, in milliseconds: counted in what is predicted. */
  delayMs = $state(0);
  /** How a person can draw an input; undefined where they cannot. It stays while a drawing is planned. */
  form = $state.raw<PictureForm | undefined>();

  opened = $state.raw<OpenedModel | undefined>();
  #shown = $state.raw<ShownPlan | undefined>();
  result = $state.raw<ModelRunReport | undefined>();
  sweep = $state.raw<readonly SweepResult[]>([]);
  phase = $state<LabPhase>('idle');
  /** What is going on, in words, and how far it is (0 to 1) where that is known. */
  activity = $state('');
  share = $state<number | undefined>();
  error = $state.raw<SealedError | undefined>();
  #abort: AbortController | undefined;
  #again: () => Promise<void> = () => this.prepare();

  /** @param engine what does the work; tests bring one of their own */
  constructor(engine: LabWork = new LabEngine()) {
    this.#engine = engine;
    this.tester = new TesterState(engine, () => this.opened);
  }

  /** The plan that a run will follow. */
  get plan(): ModelPlanReport | undefined {
    return this.#shown?.report;
  }

  /** What to call the model: files know themselves by odd names. */
  get title(): string {
    return this.model?.name ?? '';
  }

  /** What the network says of a drawing, in words; undefined where nothing was drawn, or it gives no label. */
  get verdict(): string | undefined {
    const { result } = this;
    if (!result || this.input?.name !== DRAWING || !isChoice(result.outputShape)) return undefined;
    const best = likelihoodsOf(result.outputs[0]).reduce((a, b) => (b.share > a.share ? b : a));
    return `The server computed on ciphertext; decrypted here, it says ${best.label} with ${formatShare(best.share)}.`;
  }

  /** Places after which the network can be cut. */
  get cuts(): readonly number[] {
    return this.opened?.cuts ?? [];
  }

  /** Values that pass over layers. */
  get skips(): OpenedModel['skips'] {
    return this.opened?.skips ?? [];
  }

  get isBusy(): boolean {
    return this.phase !== 'idle';
  }

  /** Takes a model file, and plans it. */
  async takeModel(file: NamedFile): Promise<void> {
    this.model = file;
    this.input = undefined;
    this.samples = undefined;
    this.rangeText = '';
    this.shapeText = '';
    this.layerList = '';
    this.cut = undefined;
    this.form = undefined;
    await this.prepare();
  }

  /** Leaves the layers after the one at `place` to the client, or none that the server can compute; plans anew. */
  async moveCut(place: number | undefined): Promise<void> {
    this.cut = place;
    await this.prepare();
  }

  /** Takes a drawing as the only input, and runs it. */
  async draw(strokes: readonly Stroke[]): Promise<void> {
    const { form, opened } = this;
    if (!form || !opened) return;
    const { shape } = opened.model.graph.input;
    const data = pictureOf(strokes, form);
    this.inputCount = 1;
    this.input = { name: DRAWING, bytes: writeNpy({ shape: [1, ...shape], data }) };
    await this.prepare();
    await this.run();
  }

  async takeInput(file: NamedFile): Promise<void> {
    this.input = file;
    await this.prepare();
  }

  async takeSamples(file: NamedFile): Promise<void> {
    this.samples = file;
    await this.prepare();
  }

  async takeExample(example: Example): Promise<void> {
    const { model, input, samples, clientOps = false } = example;
    this.#again = () => this.takeExample(example);
    this.error = undefined;
    try {
      const [first, second, third] = await Promise.all([
        fetchAsset(model),
        fetchAsset(input),
        samples === undefined ? undefined : fetchAsset(samples),
      ]);
      this.input = second;
      this.samples = third;
      this.clientOps = clientOps;
      this.cut = undefined;
      this.form = undefined;
      this.rangeText = '';
      this.model = first;
      this.shapeText = '';
      this.layerList = '';
    } catch (thrown) {
      this.error = asSealedError(thrown, 'model');
      return;
    }
    await this.prepare();
  }

  /** Reads the files and plans; called again whenever a form changes. */
  prepare(): Promise<void> {
    this.#again = () => this.prepare();
    this.opened = undefined;
    this.#shown = undefined;
    this.result = undefined;
    this.sweep = [];
    this.tester.clear();
    return this.#work('planning', async (signal) => {
      const { model, input } = this;
      if (!model) return;
      this.activity = 'Reading the model and planning its run…';
      const options = this.#options();
      const opened = this.#engine.open(model, input, this.samples, options);
      this.opened = opened;
      const isLabels = isChoice(opened.layers.at(-1)?.shape ?? []);
      this.form = isLabels ? formFor(model.name, opened.model.graph.input.shape) : undefined;
      this.inputCount = Math.min(Math.max(1, this.inputCount), Math.max(1, opened.inputs.length));
      const shown = await this.#engine.plan(opened, this.#options(), signal);
      throwIfAborted(signal);
      this.#shown = shown;
    });
  }

  /** Runs what is planned; plans it first where that was stopped. */
  async run(): Promise<void> {
    if (!this.plan) {
      await this.prepare();
      if (this.#abort?.signal.aborted) return;
    }
    const { opened } = this;
    const shown = this.#shown;
    if (!shown || opened?.inputs.length === 0) return;
    this.#again = () => this.run();
    this.result = undefined;
    await this.#work('running', async (signal) => {
      if (!opened) return;
      this.activity = ACTIVITIES.keygen ?? '';
      const result = await this.#engine.run(opened, this.#options(), shown, this.layersReport, {
        signal,
        onStage: (event) => {
          if (signal.aborted) return;
          this.activity = ACTIVITIES[event.stage] ?? this.activity;
          this.share = event.state === 'progress' ? event.share : undefined;
        },
      });
      throwIfAborted(signal);
      this.result = result;
    });
  }

  runSweep(): Promise<void> {
    const { opened } = this;
    const shown = this.#shown;
    this.#again = () => this.runSweep();
    this.sweep = [];
    return this.#work('sweeping', async (signal) => {
      if (!opened || !shown) return;
      this.activity = 'Trying parameter sets…';
      await this.#engine.sweep(opened, this.#options(), shown, signal, (result) => {
        if (signal.aborted) return;
        this.sweep = [...this.sweep, result];
        this.activity = `Trying parameter sets: ${this.sweep.length} done…`;
      });
    });
  }

  /** Stops what is under way, however short a while ago it began. */
  readonly stop = (): void => this.#abort?.abort();

  /** Does again what failed last. */
  retry(): Promise<void> {
    return this.#again();
  }

  /** Plan, results and sweep as one JSON text. */
  report(): string {
    const { plan, result, sweep, model, input } = this;
    const tested = this.tester.report;
    return `${JSON.stringify({ model: model?.name, input: input?.name, plan, result, sweep, tested }, null, 2)}\n`;
  }

  /** The plan as text, stage by stage. */
  planText(): string {
    return this.plan?.segments.map(({ plan }) => plan).join('\n') ?? '';
  }

  /** Python that makes such a file. */
  python(): string {
    return this.opened ? pythonSnippet(this.opened.model.graph, this.title) : '';
  }

  #options(): LabOptions {
    return {
      inputShape: numbersIn(this.shapeText, 'The shape of an input'),
      layerList: this.layerList.trim() === '' ? undefined : this.layerList,
      refresh: numbersIn(this.refreshText, 'Layers to refresh after') ?? [],
      clientOps: this.clientOps,
      inputRange: rangeIn(this.rangeText),
      prefer: this.prefer,
      backend: this.simulated ? 'clear' : 'simd',
      freshKeys: this.freshKeys,
      inputs: this.inputCount,
      cut: this.cut,
      delayMs: Math.max(0, this.delayMs || 0),
    };
  }

  /** One piece of work at a time: a new one stops the one before. Never rejects. */
  async #work(phase: LabPhase, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.phase = phase;
    this.error = undefined;
    this.share = undefined;
    try {
      await work(abort.signal);
      if (this.#abort === abort) this.activity = '';
    } catch (thrown) {
      if (this.#abort !== abort) return;
      const error = inPageWords(asSealedError(thrown, 'model'));
      this.activity = error.code === 'aborted' ? 'Stopped.' : '';
      if (error.code !== 'aborted') this.error = error;
    } finally {
      if (this.#abort === abort) {
        this.phase = 'idle';
        this.share = undefined;
      }
    }
  }
}

/** Options of the command line as this page has them. */
const PAGE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/--client-ops/g, '“Let the client compute what the scheme cannot”'],
  [/--refresh ([\d,]+)/g, '“Refresh after layers: $1”'],
  [/--(?:tolerance|max-memory) [\d.]+(?:MB)?/g, '$& on the command line'],
];

/** `error` in words of this page: it has no options that begin with dashes. */
function inPageWords(error: SealedError): SealedError {
  const message = PAGE_WORDS.reduce((text, [option, words]) => text.replace(option, words), error.message);
  if (message === error.message) return error;
  const { code, stage, detail } = error;
  return new SealedError(code, message, { detail, cause: error, ...(stage && { stage }) });
}

/** `0 to 1`, `-1, 1`; undefined for nothing. @throws SealedError for anything else */
function rangeIn(text: string): readonly [number, number] | undefined {
  const parts = text.split(/\s*(?:,|\bto\b|…|\s)\s*/).filter((part) => part !== '');
  if (parts.length === 0) return undefined;
  const [low, high, ...more] = parts.map((part) => Number(part.replace('−', '-')));
  if (more.length === 0 && low < high) return [low, high];
  throw new SealedError('invalid-argument', 'The range of an input: two numbers are needed, as in 0 to 1.', {
    stage: 'input',
  });
}

/** `1×12×12`, `1, 12, 12` or `1 12 12`; undefined for nothing. @throws SealedError for anything else */
function numbersIn(text: string, what: string): number[] | undefined {
  const parts = text.split(/[^\w.-]+|x/).filter((part) => part !== '');
  if (parts.length === 0) return undefined;
  const numbers = parts.map(Number);
  if (numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return numbers;
  throw new SealedError('invalid-argument', `${what}: whole numbers are needed, as in 1×28×28.`, {
    stage: 'input',
  });
}
