// A whole style plan on each backend, from residues to residues, with the same work on both sides.
//
// The kernel encodes its weights once, before the first run; node-seal's backend encodes them in every run. So there are
// two comparisons: runs on weights that both sides hold encoded, and the encoding alone.
import { TestKeys } from '../fixtures/seal-keys.ts';
import { seededRandom } from '../fixtures/styled-codes.ts';
import { SealedError } from '../src/base/errors.ts';
import { sameParameters } from '../src/params/parameters.ts';
import type { ResidueCiphertext } from '../src/params/residues.ts';
import { type Picture, pictureOf } from '../src/plan/finish.ts';
import { outputElements, packValues, unpackValues } from '../src/plan/tensor-packing.ts';
import { type Plan, stageOutputs } from '../src/plan/plan.ts';
import type { SealModule } from '../src/seal/load.ts';
import type { KeyedBackend } from '../src/server/backend.ts';
import { type PreparedPart, preparePart, runSegment, type Values } from '../src/server/interpreter.ts';
import { SimdBackend } from '../src/server/backends/simd/simd-backend.ts';
import { styleById } from '../src/style/styles.ts';
import { type Case, compare, type Comparison } from './measure.ts';
import { WeightHoldingSeal } from './weight-holding-seal.ts';
import { floatPicture, type StylePlan, type StylePlans } from './style-plans.ts';

/** A style at one QR version. */
export interface PlanSubject {
  readonly style: string;
  readonly version: number;
}

/** What came of it. */
export interface PlanResult {
  /** A run, its weights encoded beforehand. */
  readonly run: Case;
  /** Encoding all its weights. */
  readonly encoding: Case;
  /** Residue products that the plan's sums make, for the roofline. */
  readonly macs: number;
}

// As the command line is tested: decrypted values within this of the float network's.
const LARGEST_ERROR = 0.01;

/** Products of a residue and a factor in the plan's linear stages: two polynomials × primes × N for each term. */
function countMacs({ stages, parameters }: Plan): number {
  let residues = 0;
  for (const stage of stages) {
    if (stage.kind !== 'linear') continue;
    const terms = stage.rows.flatMap(({ sums }) => sums.map((sum) => sum.terms.length));
    residues += terms.reduce((sum, count) => sum + count, 0) * 2 * (stage.level + 1);
  }
  return residues * parameters.polyModulusDegree;
}

/** A plan made ready on one backend, with the inputs it was given. */
class PlanSide<C> implements Disposable {
  readonly ready: StylePlan;
  readonly #backend: KeyedBackend<C>;
  readonly #part: PreparedPart<C>;
  readonly #inputs: readonly ResidueCiphertext[];
  #outputs = new Map<number, ResidueCiphertext>();

  private constructor(
    backend: KeyedBackend<C>,
    ready: StylePlan,
    part: PreparedPart<C>,
    inputs: readonly ResidueCiphertext[],
  ) {
    this.#backend = backend;
    this.ready = ready;
    this.#part = part;
    this.#inputs = inputs;
  }

  static async create<C>(
    backend: KeyedBackend<C>,
    ready: StylePlan,
    inputs: readonly ResidueCiphertext[],
  ): Promise<PlanSide<C>> {
    const part = await preparePart(backend, ready.partition.parts[0], () => Promise.resolve());
    return new PlanSide(backend, ready, part, inputs);
  }

  readonly run = async (): Promise<void> => {
    let values: Values<C> = new Map(this.#inputs.map((input, index) => [index, this.#backend.load(input)]));
    const outputs = new Map<number, ResidueCiphertext>();
    for (const [index, segment] of this.#part.segments.entries()) {
      const isLast = index === this.#part.segments.length - 1;
      const next: Values<C> = new Map();
      await runSegment(
        this.#backend,
        segment,
        values,
        () => Promise.resolve(),
        (output, ciphertext) => {
          if (!isLast) return void next.set(output, ciphertext);
          outputs.set(output, this.#backend.save(ciphertext));
          this.#backend.free(ciphertext);
        },
      );
      values = next;
    }
    this.#outputs = outputs;
  };

  /** The picture that the latest run's outputs decrypt to. */
  picture(keys: TestKeys, reference: Float32Array): Picture {
    const { output } = this.ready.segment;
    const tensor = new Float32Array(outputElements(output.layout));
    for (const [index, ciphertext] of this.#outputs) {
      unpackValues(output.layout, index, keys.decrypt(ciphertext), tensor);
    }
    const { result } = this.ready.face;
    const [channels, height, width] = output.layout.shape;
    const finish = result.kind === 'picture' ? result.finish : [];
    return pictureOf([channels, height, width], finish, tensor, reference);
  }

  [Symbol.dispose](): void {
    this.#part[Symbol.dispose]();
    this.#backend[Symbol.dispose]();
  }
}

function requireAgreement(name: string, pictures: readonly Picture[]): void {
  for (const { precision } of pictures) {
    if (!(precision!.maxAbsError <= LARGEST_ERROR)) {
      throw new SealedError('internal', `${name} decrypts to a wrong picture: nothing is worth timing.`);
    }
  }
}

/** A plan on both sides, ready to be timed. Dispose it. */
export interface PlanComparison extends Disposable {
  /** A run, its weights encoded beforehand: by the run that warms it up where not before. */
  readonly run: Comparison;
  /** Encoding all its weights. */
  readonly encoding: Comparison;
  readonly macs: number;
  /** @throws SealedError `internal` unless the latest runs of both sides decrypt to the float network's picture */
  check(): void;
}

/**
 * Makes `subject` ready on both sides. Each gets the plan that the compiler makes for it, mostly the same one, and then
 * the same ciphertexts.
 * @throws SealedError `internal` where the backends have different parameters
 */
export async function comparePlan(
  seal: SealModule,
  kernel: WebAssembly.Module,
  plans: StylePlans,
  { style: id, version }: PlanSubject,
): Promise<PlanComparison> {
  const style = styleById(id);
  const modules = 17 + 4 * version;
  const [forSeal, forSimd] = await Promise.all(
    (['seal', 'simd'] as const).map((backend) => plans.plan(style, modules, backend)),
  );
  const { parameters } = forSimd.plan;
  const name = `${id} version ${version}${sameWeights(forSeal.plan, forSimd.plan) ? '' : ', own plans'}`;
  if (!sameParameters(parameters, forSeal.plan.parameters)) {
    throw new SealedError('internal', `${name} has other parameters on each backend.`);
  }
  const random = seededRandom(version);
  const dark = Float32Array.from({ length: modules * modules }, () => (random() < 0.5 ? 1 : 0));
  const keys = new TestKeys(seal, parameters);
  const steps = new Set([...forSeal.segment.rotationSteps, ...forSimd.segment.rotationSteps]);
  const evaluationKeys = keys.evaluationKeys([...steps]);
  const encrypt = ({ plan, segment }: StylePlan): ResidueCiphertext[] =>
    packValues(segment.input.layout, dark).map((slots) => keys.encrypt(slots, plan.inputScale));
  const simdInputs = encrypt(forSimd);
  const sameLayout =
    JSON.stringify(forSeal.segment.input.layout) === JSON.stringify(forSimd.segment.input.layout);
  const backends = [
    new WeightHoldingSeal(seal, parameters),
    await SimdBackend.create(kernel, parameters),
  ] as const;
  for (const backend of backends) backend.addKeys(evaluationKeys);
  const first = await PlanSide.create(backends[0], forSeal, sameLayout ? simdInputs : encrypt(forSeal));
  const second = await PlanSide.create(backends[1], forSimd, simdInputs);
  const common = { polyModulusDegree: parameters.polyModulusDegree, primes: parameters.maxLevel + 1 };
  return {
    run: { ...common, name: `${name}, weights encoded before`, seal: first.run, simd: second.run },
    encoding: {
      ...common,
      name: `${name}, encoding its weights`,
      seal: () => backends[0].encodeAgain(forSeal.partition.parts[0]),
      simd: async () => {
        const part = await preparePart(backends[1], forSimd.partition.parts[0], () => Promise.resolve());
        part[Symbol.dispose]();
      },
    },
    macs: countMacs(forSimd.plan),
    check: () => {
      const reference = floatPicture(forSimd.graph, dark);
      requireAgreement(name, [first.picture(keys, reference), second.picture(keys, reference)]);
    },
    [Symbol.dispose]: () => {
      for (const held of [second, first, keys]) held[Symbol.dispose]();
    },
  };
}

/** Whether two plans have the same weights: as many terms of each kind in each row, whatever rotations they share. */
function sameWeights(a: Plan, b: Plan): boolean {
  const weights = ({ stages }: Plan): string =>
    JSON.stringify(
      stages.map((stage) =>
        stage.kind === 'linear'
          ? stage.rows.map(({ sums }) =>
              sums.flatMap(({ terms }) => terms.map(({ diagonal }) => diagonal.kind)).sort(),
            )
          : [stage.kind, stageOutputs(stage)],
      ),
    );
  return weights(a) === weights(b);
}

/**
 * Times the backends on `subject`.
 * @throws SealedError `internal` unless both decrypt to the float network's picture
 */
export async function planCase(
  seal: SealModule,
  kernel: WebAssembly.Module,
  plans: StylePlans,
  subject: PlanSubject,
  pairs: number,
): Promise<PlanResult> {
  using comparison = await comparePlan(seal, kernel, plans, subject);
  const run = await compare(comparison.run, pairs);
  comparison.check();
  return { run, encoding: await compare(comparison.encoding, pairs), macs: comparison.macs };
}
