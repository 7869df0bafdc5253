// The lab's one way to the engine: files in, plans, runs and sweeps out. Everything the page knows of models is named here.
import { layersOf, type LayerSummary } from '../../app/network/model-layers.ts';
import { inputsFor, readInputFile, readModelFile } from '../../import/model-file.ts';
import { proposedSets } from '../../app/tester/parameter-sets.ts';
import {
  type ParameterRefusal,
  type ParameterResult,
  testParameters,
} from '../../app/tester/parameter-test.ts';
import { type NetworkControls, NetworkSession } from '../../app/session/network-session.ts';
import { compileModel, type ModelPlanReport, reportPlan, samplesOf } from '../../app/network/plan-model.ts';
import type { BackendName } from '../../app/style/report.ts';
import { type ModelRunReport, runModel } from '../../app/network/run-model.ts';
import { browserWorkers } from '../../../workers/platform/browser.ts';

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
  /** Inputs to run, from the first. */
  readonly inputs: number;
}

/** A model that has been read, with inputs that fit it. */
export interface OpenedModel {
  readonly network: ReturnType<typeof readModelFile>;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly inputs: readonly Float32Array[];
}

/** Largest number of server workers: as in the studio. */
const MOST_WORKERS = 4;

/** The session behind the page. */
export class LabEngine {
  readonly #session = new NetworkSession(
    browserWorkers,
    Math.min(MOST_WORKERS, Math.max(1, navigator.hardwareConcurrency)),
  );

  /** Reads both files. @throws SealedError saying which of them is wrong, and how */
  open(model: NamedFile, input: NamedFile | undefined, { inputShape, layerList }: LabOptions): OpenedModel {
    const tensor = input && readInputFile(input.name, input.bytes);
    const network = readModelFile(model.bytes, {
      name: model.name,
      inputShape,
      layers: layerList,
      input: tensor,
    });
    const layers = layersOf(network);
    return {
      network,
      layers,
      parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0),
      inputs: tensor ? inputsFor(network.input.shape, tensor) : [],
    };
  }

  /** What running `model` will cost, without encrypting anything. */
  plan({ network, inputs }: OpenedModel, options: LabOptions, signal: AbortSignal): Promise<ModelPlanReport> {
    const { backend, refresh, clientOps } = options;
    const used = inputs.slice(0, options.inputs);
    const batch = Math.max(1, used.length);
    const planned = compileModel(network, {
      backend,
      refresh,
      clientOps,
      batch,
      calibration: samplesOf(network, used),
    });
    return reportPlan(planned, batch, backend, this.#session, signal);
  }

  /** Runs `model` on its inputs, encrypted, and beside it in the clear. */
  run(
    model: OpenedModel,
    options: LabOptions,
    layersReport: boolean,
    controls: NetworkControls,
  ): Promise<ModelRunReport> {
    return runModel(this.#session, { ...requestOf(model, options), layersReport }, controls);
  }

  /** Runs `model` under parameter sets around those of its plan, one after the other: times are to be compared. */
  async sweep(
    model: OpenedModel,
    options: LabOptions,
    { parameters }: ModelPlanReport,
    signal: AbortSignal,
    onResult: (result: SweepResult) => void,
  ): Promise<void> {
    const sets = proposedSets(parameters);
    const test = { ...requestOf(model, options), sets, threads: 1, layersReport: false };
    await testParameters(browserWorkers, test, signal, (index, result) =>
      onResult({ ...sets[index], ...result }),
    );
  }
}

function requestOf({ network, inputs }: OpenedModel, options: LabOptions) {
  const { backend, refresh, clientOps } = options;
  const used = inputs.slice(0, options.inputs);
  return {
    graph: network,
    inputs: used,
    backend,
    refresh,
    clientOps,
    batch: used.length,
    calibration: samplesOf(network, used),
  };
}
