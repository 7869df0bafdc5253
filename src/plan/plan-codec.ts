// Plans, and one worker's part of one, as bytes. What is read is verified before anyone sees it.
import type { ByteReader } from '../base/bytes.ts';
import { type Codec, decodeSteps, encode } from '../base/codec.ts';
import {
  bool,
  byteUpTo,
  finite,
  format,
  list,
  mapped,
  nameOf,
  omittable,
  optional,
  present,
  record,
  text,
  u32,
  union,
} from '../base/codecs.ts';
import { atOnce, type Steps } from '../base/controls.ts';
import { checkParameters, type Parameters, type ParametersLiteral } from '../params/parameters.ts';
import { parametersCodec } from '../params/parameters-codec.ts';
import type { PlanPart, StagePart } from './partition.ts';
import type {
  Diagonal,
  LinearRow,
  LinearStage,
  Pair,
  Plan,
  ProductStage,
  RotatedSum,
  Stage,
  SumMethod,
  Term,
} from './plan.ts';
import { VectorTable } from './vector-table.ts';
import { verifyPartSteps, verifyPlanSteps } from './verify.ts';

// 2: carried values may lose a prime without being multiplied; linear stages say how their sums are made.
// 3: they say whether their vectors are encoded in each run.
// 4: giant steps may be chained, and inputs rotated by a stage of their own.
const FORMAT = 4;
const MOST_NAME_BYTES = 4096;
/** Ciphertexts of a stage, stages of a plan, layers of a stage. */
const MOST_ENTRIES = 2 ** 16;
/** Terms of a sum, sums of a row. */
const MOST_TERMS = 2 ** 20;

const name = text(MOST_NAME_BYTES);
const level = byteUpTo(63);

function diagonalCodec(table: VectorTable): Codec<Diagonal> {
  return union<Diagonal, 'kind'>('kind', {
    scalar: [1, record({ value: finite })],
    vector: [2, record({ values: table.codec })],
    complex: [3, record({ real: table.codec, imaginary: table.codec })],
  });
}

function rowsCodec(table: VectorTable): Codec<readonly LinearRow[]> {
  const diagonal = diagonalCodec(table);
  const term = record<Term>({ input: u32, step: u32, diagonal });
  const sum = record<RotatedSum>({ giantStep: u32, terms: list(term, MOST_TERMS) });
  return list(record<LinearRow>({ sums: list(sum, MOST_TERMS), bias: optional(diagonal) }), MOST_ENTRIES);
}

const sumMethod = nameOf<SumMethod>({ matrix: 1, products: 2, hoisted: 3, 'rotate-and-sum': 4, chained: 5 });
const pair = record<Pair>({ left: u32, right: optional(u32), drop: omittable(present) });

/** A kind of stage without a codec here does not compile. The numbers never change. */
function stageCodec(table: VectorTable): Codec<Stage> {
  const layers = list(name, MOST_ENTRIES);
  return union<Stage, 'kind'>('kind', {
    linear: [
      1,
      record<Omit<LinearStage, 'kind'>>({
        layers,
        part: omittable(nameOf({ fold: 1, 'add up for': 2, 'rotate for': 3 })),
        level,
        inScale: finite,
        plainScale: finite,
        rescale: bool,
        outScale: finite,
        method: sumMethod,
        giantUnit: omittable(u32),
        isStreamed: omittable(present),
        rows: rowsCodec(table),
      }),
    ],
    product: [
      2,
      record<Omit<ProductStage, 'kind'>>({
        layers,
        level,
        inScale: finite,
        outScale: finite,
        pairs: list(pair, MOST_ENTRIES),
      }),
    ],
  });
}

function stagePartCodec(table: VectorTable): Codec<StagePart> {
  const stage = stageCodec(table);
  return mapped(
    record<{ readonly outputs: readonly number[]; readonly stage: Stage }>({
      outputs: list(u32, MOST_ENTRIES),
      stage,
    }),
    ({ outputs, ...rest }) => ({ outputs, stage: rest }),
    ({ outputs, stage: rest }): StagePart => ({ outputs, ...rest }),
  );
}

/** Every diagonal of `stages`. */
function* diagonalsOf(stages: Iterable<Stage>): Generator<Diagonal> {
  for (const stage of stages) {
    if (stage.kind !== 'linear') continue;
    for (const { sums, bias } of stage.rows) {
      if (bias) yield bias;
      for (const { terms } of sums) for (const { diagonal } of terms) yield diagonal;
    }
  }
}

const checkedParameters: Codec<Parameters> = mapped<Parameters, ParametersLiteral>(
  parametersCodec,
  (parameters) => parameters,
  checkParameters,
);

/** Parameters, then the vectors of `stagesOf`, then the rest, which names vectors by their number. */
function withVectors<T extends { readonly parameters: Parameters }>(
  stagesOf: (value: T) => Iterable<Stage>,
  restCodec: (table: VectorTable) => Codec<Omit<T, 'parameters'>>,
): Codec<T> {
  const readSteps = function* (reader: ByteReader): Steps<T> {
    const parameters = checkedParameters.read(reader);
    const table = yield* VectorTable.read(reader, parameters.slots);
    const rest = yield* restCodec(table).readSteps!(reader);
    table.checkUse();
    return { ...rest, parameters } as T;
  };
  return {
    minBytes: checkedParameters.minBytes + 4,
    write(writer, value) {
      checkedParameters.write(writer, value.parameters);
      const table = VectorTable.write(writer, diagonalsOf(stagesOf(value)), value.parameters.slots);
      restCodec(table).write(writer, value);
    },
    read: (reader) => atOnce(readSteps(reader)),
    readSteps,
  };
}

const planCodec = format(
  'SQPL',
  FORMAT,
  'a plan',
  withVectors<Plan>(
    ({ stages }) => stages,
    (table) =>
      record<Omit<Plan, 'parameters'>>({
        name,
        inputCount: u32,
        inputScale: finite,
        inputLevel: omittable(level),
        stages: list(stageCodec(table), MOST_ENTRIES),
      }),
  ),
);

/** A worker's part of a plan, and the parameters that it is for. */
export interface ParameterisedPart {
  readonly parameters: Parameters;
  readonly part: PlanPart;
}

const partCodec = format(
  'SQPP',
  FORMAT,
  'a part of a plan',
  withVectors<ParameterisedPart>(
    ({ part }) => part.segments.flat(),
    (table) =>
      record<Omit<ParameterisedPart, 'parameters'>>({
        part: record<PlanPart>({
          name,
          segments: list(list(stagePartCodec(table), MOST_ENTRIES), MOST_ENTRIES),
        }),
      }),
  ),
);

/**
 * The bytes of `plan`: the same for equal plans, so that their SHA-256 names it.
 * @throws SealedError `invalid-argument` for what has no encoding, such as a weight that is not finite
 */
export function encodePlan(plan: Plan): Uint8Array<ArrayBuffer> {
  return encode(planCodec, plan);
}

/**
 * The plan in `bytes`, verified, in steps: a large one takes a fifth of a second. It shares no memory with them; equal
 * vectors are one object.
 * @throws SealedError `malformed-frame`, `plan-rejected`, or what `checkParameters` throws
 */
export function* planSteps(bytes: Uint8Array): Steps<Plan> {
  return yield* verifyPlanSteps(yield* decodeSteps(planCodec, bytes));
}

/** The bytes of a worker's part of a plan for `parameters`. @throws SealedError as {@link encodePlan} */
export function encodePlanPart(part: PlanPart, parameters: Parameters): Uint8Array<ArrayBuffer> {
  return encode(partCodec, { part, parameters });
}

/** The part of a plan in `bytes`, verified, in steps. @throws SealedError as {@link planSteps} */
export function* planPartSteps(bytes: Uint8Array): Steps<ParameterisedPart> {
  const decoded = yield* decodeSteps(partCodec, bytes);
  yield* verifyPartSteps(decoded.part, decoded.parameters);
  return decoded;
}
