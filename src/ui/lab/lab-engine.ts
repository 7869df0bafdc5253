// The lab's one way to the engine: files in, plans, runs and sweeps out. Everything the page knows of models is named here.
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
import type { BackendName } from '../../app/session/backends.ts';
import { Session } from '../../app/session/session.ts';
import type { RunControls } from '../../app/session/stages.ts';
import { proposedSets } from '../../app/tester/parameter-sets.ts';
import {
  type ParameterRefusal,
  type ParameterResult,
  testParameters,
} from '../../app/tester/parameter-test.ts';
import { inputsFor, readInputFile, readModelFile } from '../../import/model-file.ts';

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
}

/** What the page's forms say beside the files. */
export interface LabOptions {
  /** Shape of one input, where the model file does not hold it. */
  readonly inputShape: readonly number[] | undefined;
  /** For a state_dict: its layers as `print(model)` shows them. */
  readonly layerList: string | undefined;
  readonly refresh: readonly number[];
  readonly clientOps: boolean;
  readonly backend: BackendName;
  /** Whether a run has keys of its own. */
  readonly freshKeys: boolean;
  /** Inputs to run, from the first. */
  readonly inputs: number;
}

/** A model that has been read, with inputs that fit it. */
export interface OpenedModel {
  readonly model: Model;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly inputs: readonly Float32Array[];
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

  /** Reads both files. @throws SealedError saying which of them is wrong, and how */
  open(model: NamedFile, input: NamedFile | undefined, { inputShape, layerList }: LabOptions): OpenedModel {
    const tensor = input && readInputFile(input.name, input.bytes);
    const { name } = model;
    const graph = readModelFile(model.bytes, { name, inputShape, layers: layerList, input: tensor });
    const layers = layersOf(graph);
    return {
      model: {
        file: { name, bytes: model.bytes, inputShape: graph.input.shape, layers: layerList },
        graph,
      },
      layers,
      parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0),
      inputs: tensor ? inputsFor(graph.input.shape, tensor) : [],
    };
  }

  /** What running `opened` will cost, without encrypting anything. */
  async plan(opened: OpenedModel, options: LabOptions, signal: AbortSignal): Promise<ShownPlan> {
    const { inputs, ...wanted } = optionsOf(opened, options);
    const planned = await planModel(this.#session, opened.model, wanted, { signal });
    const count = Math.max(1, inputs.length);
    return { planned, report: await reportPlan(this.#session, planned, count, wanted.backend, { signal }) };
  }

  /** Runs `opened` on its inputs, encrypted, by the plan that was shown, and beside it in the clear. */
  run(
    opened: OpenedModel,
    options: LabOptions,
    { planned }: ShownPlan,
    layersReport: boolean,
    controls: RunControls,
  ): Promise<ModelRunReport> {
    const { freshKeys } = options;
    const request = { ...optionsOf(opened, options), model: opened.model, planned, layersReport, freshKeys };
    return runModel(this.#session, request, controls);
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
}

/** The options of plan, run and sweep alike, and the inputs that are used. */
function optionsOf(
  { model: { graph }, inputs }: OpenedModel,
  options: LabOptions,
): ModelOptions & { readonly inputs: readonly Float32Array[] } {
  const { backend, refresh, clientOps } = options;
  const used = inputs.slice(0, options.inputs);
  return {
    inputs: used,
    backend,
    refresh,
    clientOps,
    batch: Math.max(1, used.length),
    calibration: samplesOf(graph, used),
  };
}
