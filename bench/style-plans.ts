// Compiles a style in this thread, as a service does in one of its own: what the benchmarks of single plans run.
import { type ModelLoader, StyleReferences } from '../src/app/style/reference.ts';
import { compile } from '../src/compiler/compile.ts';
import { executeGraph } from '../src/model/execute.ts';
import type { Graph } from '../src/model/graph.ts';
import type { ClientInterface, SegmentInterface } from '../src/plan/client-interface.ts';
import { COST_TABLES } from '../src/plan/cost-tables.ts';
import { type Partition, partitionPlan } from '../src/plan/partition.ts';
import type { Plan } from '../src/plan/plan.ts';
import type { ServerBackendName } from '../src/protocol/backends.ts';
import { DEFAULT_PIXELS_PER_MODULE, styleGraph } from '../src/style/graph.ts';
import type { Style } from '../src/style/styles.ts';

/** A style compiled for one size. */
export interface StylePlan {
  readonly graph: Graph;
  readonly plan: Plan;
  readonly face: ClientInterface;
  readonly segment: SegmentInterface;
  /** For one evaluator. */
  readonly partition: Partition;
}

/** Compiles styles in their default colours. */
export class StylePlans {
  readonly #references: StyleReferences;

  constructor(load: ModelLoader) {
    this.#references = new StyleReferences(load);
  }

  /** The plan of `style` for a code of `modules` by `modules`. */
  async plan(style: Style, modules: number, backend: ServerBackendName): Promise<StylePlan> {
    const network = await this.#references.network(style);
    const graph = styleGraph(network, style, modules, style.defaultColours, DEFAULT_PIXELS_PER_MODULE);
    const { plans, interface: face } = compile(graph, {
      costs: COST_TABLES[backend],
      picture: true,
      realSlots: true,
    });
    const [plan] = plans;
    return { graph, plan, face, segment: face.segments[0], partition: partitionPlan(plan, 1) };
  }
}

/** What the float network makes of `dark`, `[3, side, side]`. */
export function floatPicture(graph: Graph, dark: Float32Array): Float32Array {
  return executeGraph(graph, { shape: graph.input.shape, data: dark }).data;
}
