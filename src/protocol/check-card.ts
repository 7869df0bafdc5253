// What a card must mean before a client acts on it: it may come from a service that wants memory, time or keys of us.
import { SealedError } from '../base/errors.ts';
import { checkGraph } from '../model/check-graph.ts';
import { elementCount, type Graph, type Shape } from '../model/graph.ts';
import { checkParameters, type Parameters, type ParametersLiteral } from '../params/parameters.ts';
import { requireWordPrimes } from '../params/residues.ts';
import type { Expectation, KeyLevels, ResultInterface, SegmentInterface } from '../plan/client-interface.ts';
import type { FinishOperation } from '../plan/model-card.ts';
import type { Card } from './card.ts';
import { CARD_LIMITS, inField, need, needWhole } from './card-limits.ts';
import { checkShape, checkTensor } from './check-layout.ts';

const WORD_BYTES = 4;

/** Runs a check of another room: what it refuses is a malformed card, but for insecure parameters. */
function asMalformed<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SealedError) || error.code === 'insecure-parameters') throw error;
    const { message, detail, cause } = error;
    throw new SealedError('malformed-frame', message, { stage: 'wire', detail, cause });
  }
}

function checkLiteral(literal: ParametersLiteral): Parameters {
  return asMalformed(() => {
    const parameters = checkParameters(literal);
    requireWordPrimes(parameters);
    return parameters;
  });
}

// What would move the cursor of a terminal, break a line, or turn the direction of the text around it.
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

function needText(field: string, text: string): void {
  need(!UNSHOWABLE.test(text), field, 'The text has control characters.');
}

function needGraphTexts({ name, input, nodes, layers = [] }: Graph): void {
  for (const text of [name, input.id]) needText('name', text);
  nodes.forEach(({ id }, index) => needText(`nodes[${index}].id`, id));
  layers.forEach((layer, index) => {
    for (const text of [layer.name, layer.type, layer.output]) needText(`layers[${index}]`, text);
  });
}

/** What the client's layers take and give. */
interface ClientWork {
  /** Shape of what they put out, for one input. */
  readonly shape: Shape;
  /** For a whole batch. */
  readonly operations: number;
}

function checkClient(graph: Graph, { layout }: SegmentInterface['output'], held: number): ClientWork {
  needGraphTexts(graph);
  const { elements, operations } = asMalformed(() => checkGraph(graph));
  need(elements <= CARD_LIMITS.elements, 'nodes', `${elements} elements are too many.`);
  const taken = elementCount(graph.input.shape);
  const given = elementCount(layout.shape) + held;
  need(taken === given, 'input', `It takes ${taken} elements, the output has ${given}.`);
  const shape = graph.nodes.find(({ id }) => id === graph.output)?.shape ?? graph.input.shape;
  const batch = layout.kind === 'slots' ? layout.batch : 1;
  const results = batch * elementCount(shape);
  need(results <= CARD_LIMITS.batchElements, 'output', `${results} elements in a batch are too many.`);
  return { shape, operations: operations * batch };
}

/** A level for each key, and for no other; none above the input's. */
function checkKeyLevels(segment: SegmentInterface, { relinearize, rotations }: KeyLevels): void {
  const { level } = segment.input;
  const steps = segment.rotationSteps.length;
  need(
    (relinearize !== undefined) === segment.relinearize,
    'relinearize',
    'It has no key, or the key no level.',
  );
  // A product takes a level.
  if (relinearize !== undefined) needWhole('relinearize', relinearize, 1, level);
  needWhole('rotations.length', rotations.length, steps, steps);
  rotations.forEach((own, index) => needWhole(`rotations[${index}]`, own, 0, level));
}

/** @param held elements that the client has kept from before */
function checkSegment(segment: SegmentInterface, parameters: Parameters, held: number): ClientWork {
  const { input, output, rotationSteps, relinearize, client } = segment;
  inField('input', () => checkTensor(input, parameters));
  inField('output', () => checkTensor(output, parameters));
  need(output.level <= input.level, 'output.level', `It is above the input's, ${input.level}.`);
  const multiplies = output.level < input.level;
  need(!relinearize || multiplies, 'relinearize', 'A product takes a level, and none is taken.');
  needWhole('rotationSteps.length', rotationSteps.length, 0, CARD_LIMITS.rotationSteps);
  rotationSteps.forEach((step, index) => {
    const low = index === 0 ? 1 : rotationSteps[index - 1] + 1;
    needWhole(`rotationSteps[${index}]`, step, low, parameters.slots - 1);
  });
  if (segment.keyLevels) inField('keyLevels', () => checkKeyLevels(segment, segment.keyLevels!));
  if (client) return inField('client', () => checkClient(client, output, held));
  need(held === 0 && (segment.kept ?? 0) === 0, 'client', 'Values are kept, and nothing is done with them.');
  return { shape: output.layout.shape, operations: 0 };
}

/** Checks the segments one by one, that each takes what the one before gives, and what all of them take together. */
function checkSegments(segments: readonly SegmentInterface[], parameters: Parameters): Shape {
  needWhole('segments.length', segments.length, 1, CARD_LIMITS.segments);
  let operations = 0;
  let shape: Shape | undefined;
  let held = 0;
  segments.forEach((segment, index) =>
    inField(`segments[${index}]`, () => {
      const work = checkSegment(segment, parameters, held);
      const taken = elementCount(segment.input.layout.shape);
      const given = shape ? elementCount(shape) - held : taken;
      const { kept = 0 } = segment;
      const most = index === segments.length - 1 ? 0 : elementCount(work.shape) - 1;
      needWhole('kept', kept, 0, most);
      held = kept;
      need(
        taken === given,
        'input.layout.shape',
        `It takes ${taken} elements, the one before gives ${given}.`,
      );
      operations += work.operations;
      shape = work.shape;
    }),
  );
  need(
    operations <= CARD_LIMITS.operations,
    'segments',
    `The client's layers take ${operations} operations, too many.`,
  );
  const steps = new Set(segments.flatMap(({ rotationSteps }) => rotationSteps));
  const keys = steps.size + (segments.some(({ relinearize }) => relinearize) ? 1 : 0);
  const { maxLevel, primes, polyModulusDegree } = parameters;
  const keyBytes = keys * (maxLevel + 1) * 2 * primes.length * polyModulusDegree * WORD_BYTES;
  need(keyBytes <= CARD_LIMITS.keyBytes, 'segments', `The keys take ${keyBytes} bytes, too much.`);
  return shape!;
}

function finishedShape(shape: Shape, finish: readonly FinishOperation[]): Shape {
  needWhole('finish.length', finish.length, 0, CARD_LIMITS.finish);
  need(shape.length === 3, 'kind', `A picture has three axes, not ${shape.length}.`);
  return finish.reduce(
    ([channels, height, width], { block }, index) =>
      inField(`finish[${index}].block`, () => {
        needWhole('', block, 1, CARD_LIMITS.block);
        need(channels % block ** 2 === 0, '', `${channels} channels are no blocks of ${block}×${block}.`);
        return [channels / block ** 2, height * block, width * block];
      }),
    [...shape],
  );
}

function checkResult(result: ResultInterface, shape: Shape): void {
  if (result.kind === 'picture') {
    const [channels] = finishedShape(shape, result.finish);
    need(channels === 3, 'finish', `A picture has three channels, not ${channels}.`);
    return;
  }
  const elements = checkShape(result.shape);
  const given = elementCount(shape);
  need(elements === given, 'shape', `It has ${elements} elements, the network gives ${given}.`);
}

function checkExpected({ evaluateMs, errorBound, ...bytes }: Expectation): void {
  for (const [field, value] of Object.entries({ evaluateMs, errorBound })) {
    need(value >= 0 && Number.isFinite(value), field, `${value} is not a finite number from 0 on.`);
  }
  for (const [field, value] of Object.entries(bytes)) needWhole(field, value, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * `card`, if a client can act on it: secure parameters whose primes fit the wire, layouts within their slots, levels and
 * scales that there are, layers of the client's own that can run, segments that fit each other, and no more work, memory
 * or keys than {@link CARD_LIMITS} allows.
 * @throws SealedError `malformed-frame` naming the field, or `insecure-parameters`
 */
export function checkCard(card: Card): Card {
  for (const field of ['name', 'model'] as const) needText(field, card[field]);
  for (const field of ['serverLearns', 'clientLearns'] as const) {
    card[field].forEach((line, index) => needText(`${field}[${index}]`, line));
  }
  const parameters = inField('parameters', () => checkLiteral(card.parameters));
  const shape = checkSegments(card.segments, parameters);
  const isCut = card.segments.some(({ keyLevels }) => keyLevels !== undefined);
  need(!isCut || card.backend !== 'seal', 'segments', 'SEAL reads whole keys alone.');
  inField('result', () => checkResult(card.result, shape));
  inField('expected', () => checkExpected(card.expected));
  return card;
}
