// The lab's one way to the engine: files in, plans, runs and sweeps out. Everything the page knows of models is named here.
import { bfvTester } from '../../../workers/platform/browser-bfv.ts';
import { browserWorkers } from '../../../workers/platform/browser.ts';
import { layersOf, type LayerSummary } from '../../app/network/model-layers.ts';
import {
  type Model,
  type ModelOptions,
  type ModelPlanReport,
  type PlannedModel,
  planModel,
  reportPlan,
  samplesOf,
} from '../../app/network/model-plan.ts';
import { type ModelRunReport, runModel } from '../../app/network/run-model.ts';
import { cutsOf, finishAtClient, serverLayers, type Skip, skipsOf } from '../../app/network/split-network.ts';
import type { BackendName } from '../../app/session/backends.ts';
import { Session } from '../../app/session/session.ts';
import type { RunControls } from '../../app/session/stages.ts';
import { proposedSets } from '../../app/tester/parameter-sets.ts';
import {
  type ParameterRefusal,
  type ParameterResult,
  testParameters,
} from '../../app/tester/parameter-test.ts';
import type { Preference } from '../../plan/preference.ts';
import { runTestConfig, type TestReport, type TestRun } from '../../app/tester/run-config.ts';
import type { TestConfig } from '../../app/tester/test-config.ts';
import { inputsFor, madeUpInput, readInputFile, readModelFile } from '../../import/model-file.ts';
import { joinExternalData, looksLikeOnnx } from '../../import/model-parts.ts';

export type { LayerSummary, ModelPlanReport, ModelRunReport };

/** What one parameter set came to. */
export type SweepResult = {
  readonly polyModulusDegree: number;
  readonly coeffModulusBits: readonly number[];
} & (ParameterResult | ParameterRefusal);

/** A file as it was dropped or fetched. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Files that were given with it, by name: weights of an ONNX model that lie outside it. */
  readonly beside?: Readonly<Record<string, Uint8Array>>;
}

/** What the page's forms say beside the files. */
export interface LabOptions {
  /** Shape of one input, where the model file does not hold it. */
  readonly inputShape: readonly number[] | undefined;
  /** For a state_dict: its layers as `print(model)` shows them. */
  readonly layerList: string | undefined;
  readonly refresh: readonly number[];
  readonly clientOps: boolean;
  /** Least and largest value of an input, which ranges are made up in where no samples are given; 0 and 1 unless given. */
  readonly inputRange: readonly [number, number] | undefined;
  /** What the plan is chosen by. */
  readonly prefer: Preference;
  readonly backend: BackendName;
  /** Whether a run has keys of its own. */
  readonly freshKeys: boolean;
  /** Inputs to run, from the first. */
  readonly inputs: number;
  /** Place of the last layer that the server computes; undefined for all that it can. */
  readonly cut: number | undefined;
  /** To the server and back, in milliseconds. */
  readonly delayMs: number;
}

/** A model that has been read, with inputs that fit it. */
export interface OpenedModel {
  readonly model: Model;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  /** Values that pass over layers, and the places after which the network can be cut. */
  readonly skips: readonly Skip[];
  readonly cuts: readonly number[];
  readonly inputs: readonly Float32Array[];
  /** Samples of the model's owner, which ranges are taken from; none where none were given. */
  readonly samples: readonly Float32Array[];
}

/** A plan that is shown, and that a run will follow. */
export interface ShownPlan {
  readonly planned: PlannedModel;
  readonly report: ModelPlanReport;
}

/** The session behind the page. */
export class LabEngine {
  readonly #session = new Session({
    workers: browserWorkers,
    advice: 'Try a smaller network, fewer of its layers, or fewer inputs at once.',
  });

  /** Reads the files. @throws SealedError saying which of them is wrong, and how */
  open(
    model: NamedFile,
    input: NamedFile | undefined,
    samples: NamedFile | undefined,
    { inputShape, layerList }: LabOptions,
  ): OpenedModel {
    const tensor = input && readInputFile(input.name, input.bytes);
    const { name, beside = {} } = model;
    const bytes =
      looksLikeOnnx(model.bytes) && Object.keys(beside).length > 0
        ? joinExternalData(model.bytes, beside)
        : model.bytes;
    const graph = readModelFile(bytes, { name, inputShape, layers: layerList, input: tensor });
    const layers = layersOf(graph);
    return {
      model: {
        file: { name, bytes, inputShape: graph.input.shape, layers: layerList },
        graph,
      },
      layers,
      skips: skipsOf(graph),
      cuts: cutsOf(graph),
      parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0),
      inputs: tensor ? inputsFor(graph.input.shape, tensor) : [],
      samples: samples ? inputsFor(graph.input.shape, readInputFile(samples.name, samples.bytes)) : [],
    };
  }

  /** What running `opened` will cost, without encrypting anything. */
  async plan(opened: OpenedModel, options: LabOptions, signal: AbortSignal): Promise<ShownPlan> {
    const { inputs, ...wanted } = optionsOf(opened, options);
    const planned = await planModel(this.#session, opened.model, wanted, { signal });
    const count = Math.max(1, inputs.length);
    const report = await reportPlan(
      this.#session,
      planned,
      count,
      wanted.backend,
      { signal },
      options.delayMs,
    );
    return { planned, report };
  }

  /** Runs `opened` on its inputs, encrypted, by the plan that was shown, and beside it in the clear. */
  async run(
    opened: OpenedModel,
    options: LabOptions,
    { planned }: ShownPlan,
    layersReport: boolean,
    controls: RunControls,
  ): Promise<ModelRunReport> {
    const { freshKeys, cut, delayMs } = options;
    const { model } = opened;
    const request = { ...optionsOf(opened, options), model, planned, layersReport, freshKeys, delayMs };
    const report = await runModel(this.#session, request, controls);
    return cut === undefined ? report : finishAtClient(model.graph, cut, report);
  }

  /** Runs `opened` under parameter sets around those of its plan, one after the other: times are to be compared. */
  async sweep(
    opened: OpenedModel,
    options: LabOptions,
    { report }: ShownPlan,
    signal: AbortSignal,
    onResult: (result: SweepResult) => void,
  ): Promise<void> {
    const sets = proposedSets(report.parameters);
    const request = { ...optionsOf(opened, options), model: opened.model };
    const test = { ...request, sets, threads: 1, layersReport: false };
    await testParameters(browserWorkers, test, signal, (index, result) =>
      onResult({ ...sets[index], ...result }),
    );
  }

  /** Runs the sets of a parameter file on `opened`, on its inputs or on one that is made up. */
  test({ model, inputs, samples }: OpenedModel, config: TestConfig, run: TestRun): Promise<TestReport> {
    const used =
      inputs.length > 0 ? inputs.slice(0, config.count ?? 1) : [madeUpInput(model.graph.input.shape)];
    const workers = { session: browserWorkers, bfv: bfvTester };
    return runTestConfig(
      workers,
      { model, inputs: used, samples: inputs.length > 0 ? samples : used },
      config,
      run,
    );
  }
}

// More samples change the ranges little and the time much.
const MOST_SAMPLES = 64;

/** The options of plan, run and sweep alike, and the inputs that are used. */
function optionsOf(
  { model: { graph }, inputs, samples }: OpenedModel,
  options: LabOptions,
): ModelOptions & { readonly inputs: readonly Float32Array[] } {
  const { backend, refresh, clientOps, inputRange, prefer, cut } = options;
  const used = inputs.slice(0, options.inputs);
  return {
    inputs: used,
    backend,
    refresh,
    clientOps,
    batch: Math.max(1, used.length),
    prefer,
    // Never the inputs themselves: what a plan is made for, its service knows.
    calibration: samplesOf(graph, samples.slice(0, MOST_SAMPLES)),
    inputRange,
    ...(cut !== undefined && { layers: serverLayers(graph, cut) }),
  };
}
