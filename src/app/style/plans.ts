// Compiled plans by style, version, colours and parameters: compiling twice would be work done twice.
import { compile, type Compiled } from '../../compiler/channels/compile-channels.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph } from '../../model/graph.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import type { ServerBackendName } from '../../protocol/contracts.ts';
import { type Partition, partitionPlan } from '../../plan/partition.ts';
import type { Raster } from '../../base/raster.ts';
import type { StyleColours } from '../../style/colours.ts';
import { type PixelsPerModule, styleGraph } from '../../style/graph.ts';
import { foregroundRaster, type Style } from '../../style/styles.ts';

/** A style made ready for one size: what the server role runs and what the client needs to know. */
export interface ReadyPlan extends Compiled {
  readonly id: string;
  readonly graph: Graph;
  readonly partition: Partition;
  /** The style's ideal dark colour of every pixel. */
  readonly foreground: Raster;
}

/** Reads a file of the site's `public/` folder. */
export type ModelLoader = (path: string) => Promise<Uint8Array>;

// The networks fit every size; the importer wants one.
const ANY_SIZE = [1, 21, 21];

// A plan of version 10 holds some 12 MB of colour fields: keep a few.
const MOST_PLANS = 4;

/** The plans of one session. */
export class Plans {
  readonly #load: ModelLoader;
  readonly #workers: number;
  readonly #networks = new Map<string, Promise<Graph>>();
  readonly #plans = new Map<string, ReadyPlan>();

  constructor(load: ModelLoader, workers: number) {
    this.#load = load;
    this.#workers = workers;
  }

  /** Loads the network of `style` ahead of its first use. */
  network(style: Style): Promise<Graph> {
    let network = this.#networks.get(style.model);
    if (!network) {
      network = this.#load(style.model).then((bytes) => importOnnx(bytes, { inputShape: ANY_SIZE }));
      network.catch(() => this.#networks.delete(style.model));
      this.#networks.set(style.model, network);
    }
    return network;
  }

  /** The plan for `style` at `modules`, compiled unless it is known. */
  async plan(
    style: Style,
    modules: number,
    colours: StyleColours,
    pixelsPerModule: PixelsPerModule,
    backend: ServerBackendName,
  ): Promise<ReadyPlan> {
    const { start, end, background } = colours;
    const id = [
      backend,
      style.id,
      style.field,
      modules,
      pixelsPerModule,
      this.#workers,
      ...start,
      ...end,
      ...background,
    ].join('-');
    const known = this.#plans.get(id);
    if (known) {
      this.#plans.delete(id);
      this.#plans.set(id, known);
      return known;
    }
    const graph = styleGraph(await this.network(style), style, modules, colours, pixelsPerModule);
    const compiled = compile(graph, { costs: COST_TABLES[backend] });
    const foreground = foregroundRaster(style, colours, modules * pixelsPerModule);
    const partition = partitionPlan(compiled.plan, this.#workers);
    const ready = { id, graph, ...compiled, partition, foreground };
    this.#plans.set(id, ready);
    if (this.#plans.size > MOST_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
    return ready;
  }
}

/** What the float network makes of `dark`, `[3, side, side]`. */
export function floatPicture(graph: Graph, dark: Float32Array): Float32Array {
  return executeGraph(graph, { shape: graph.input.shape, data: dark }).data;
}
