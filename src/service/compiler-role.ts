// The compiler in a thread of its own: it computes for seconds without listening, and is ended when it is to stop.
import { compile, type CompileOptions } from '../compiler/compile.ts';
import { SealedError } from '../base/errors.ts';
import { sha256Hex, sha256Of } from '../base/sha256.ts';
import { readModelFile } from '../import/model-file.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import type { Graph } from '../model/graph.ts';
import { checkParameters } from '../params/parameters.ts';
import type { ClientInterface } from '../plan/client-interface.ts';
import type { Explanation } from '../plan/explanation.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { encodePlan } from '../plan/plan-codec.ts';
import type { Sha256 } from '../protocol/card.ts';
import type { CardOptions, ModelFile, NetworkOptions, StyleOptions } from '../protocol/service.ts';
import type { Direction } from '../style/colour-field.ts';
import { checkColours } from '../style/colours.ts';
import { directed, styleById } from '../style/styles.ts';
import { styleGraph } from '../style/graph.ts';

/** A model as the registry holds it: a style's network, or a file of the caller's. */
export type ModelSource =
  | { readonly kind: 'style'; readonly id: string; readonly hash: Sha256; readonly bytes: Uint8Array }
  | { readonly kind: 'network'; readonly id: string; readonly hash: Sha256; readonly file: ModelFile };

/** A compiled model: what stays with the service, and what its client may know. */
export interface CompiledModel {
  /** One encoded plan for each segment. */
  readonly plans: readonly Uint8Array[];
  /** Their name, made here: the service's own thread listens to its clients meanwhile. */
  readonly planHash: Sha256;
  readonly interface: ClientInterface;
  readonly explanation: Explanation;
}

/** The compiler as its service sees it. */
export interface CompilerRole {
  /** Resolves once the thread has loaded. */
  warm(): Promise<void>;
  /** @throws SealedError as the importers and the compiler do */
  compile(source: ModelSource, options: CardOptions): Promise<CompiledModel>;
}

// The shape networks of styles fit every size; the importer wants one.
const ANY_SIZE = [1, 21, 21];

// A graph holds its weights: a few are enough for one person.
const MOST_GRAPHS = 4;

/** The SHA-256 of a plan; of several, that of theirs in a row. */
export async function hashOfPlans(plans: readonly Uint8Array[]): Promise<Sha256> {
  const hashes = await Promise.all(plans.map(sha256Of));
  return hashes.length === 1 ? hashes[0] : sha256Hex(new TextEncoder().encode(hashes.join('')));
}

/** A compiler, which keeps the graphs that it has read last. */
export function createCompiler(): CompilerRole {
  const graphs = new Map<string, Graph>();

  const graphOf = (source: ModelSource): Graph => {
    const known = graphs.get(source.id);
    if (known) return known;
    const graph =
      source.kind === 'style'
        ? importOnnx(source.bytes, { inputShape: ANY_SIZE })
        : readModelFile(source.file.bytes, source.file);
    graphs.set(source.id, graph);
    if (graphs.size > MOST_GRAPHS) graphs.delete(graphs.keys().next().value!);
    return graph;
  };

  const role: CompilerRole = {
    warm: () => Promise.resolve(),
    compile: async (source, options) => {
      const isStyle = source.kind === 'style';
      if (isStyle !== (options.kind === 'style')) {
        throw new SealedError(
          'invalid-argument',
          `The model ${source.id} is a ${source.kind}, not a ${options.kind}.`,
          {
            stage: 'compile',
          },
        );
      }
      const graph = graphOf(source);
      const {
        plans,
        interface: face,
        explanation,
      } = options.kind === 'style'
        ? compile(graphOfStyle(graph, source.id, options), {
            costs: COST_TABLES[options.backend],
            // A style's keys are made for one picture.
            prefer: options.prefer ?? 'small-keys',
            wholeKeys: options.backend === 'seal',
            realSlots: options.realSlots === true || options.backend === 'seal',
            picture: true,
          })
        : compile(graph, networkOptions(options));
      const encoded = plans.map(encodePlan);
      // A copy: the client's layers are parts of the graph that is kept, and an answer is moved to whoever asked.
      return {
        plans: encoded,
        planHash: await hashOfPlans(encoded),
        interface: structuredClone(face),
        explanation,
      };
    },
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}

/** The graph of a style for what was asked. @throws SealedError `invalid-argument` for sizes that no code has */
function graphOfStyle(network: Graph, id: string, options: StyleOptions): Graph {
  const { modules, pixelsPerModule, colours, direction } = options;
  if (!Number.isInteger(modules) || modules < 21 || modules > 177 || modules % 4 !== 1) {
    throw new SealedError(
      'invalid-argument',
      `A QR code has 21, 25, … 177 modules along a side, not ${modules}.`,
      {
        stage: 'compile',
      },
    );
  }
  if (pixelsPerModule !== 16 && pixelsPerModule !== 8 && pixelsPerModule !== 4) {
    throw new SealedError(
      'invalid-argument',
      `Styles draw 16, 8 or 4 pixels per module, not ${pixelsPerModule}.`,
      {
        stage: 'compile',
      },
    );
  }
  const style = direction === undefined ? styleById(id) : directed(styleById(id), direction as Direction);
  return styleGraph(network, style, modules, checkColours(colours, style.field), pixelsPerModule);
}

function networkOptions({
  backend,
  parameters,
  realSlots,
  kind: _,
  ...options
}: NetworkOptions): CompileOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as Omit<CompileOptions, 'costs'>),
    costs: COST_TABLES[backend],
    wholeKeys: backend === 'seal',
    realSlots: realSlots === true || backend === 'seal',
    ...(parameters && { parameters: checkParameters(parameters) }),
  };
}
