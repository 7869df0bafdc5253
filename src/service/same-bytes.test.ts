// The same request gives the same bytes however many evaluators share a run: nothing is chosen by the size of a share.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { reluNetwork } from '../../fixtures/relu-network.ts';
import { answerTo, EVALUATORS } from '../../fixtures/same-bytes.ts';
import { TestKeys } from '../../fixtures/seal-keys.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { compile } from '../compiler/compile.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { partitionPlan } from '../plan/partition.ts';
import { type Plan, rotationSteps, sumMethodOf } from '../plan/plan.ts';
import { encodePlanPart } from '../plan/plan-codec.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { loadSeal, type SealModule } from '../seal/load.ts';
import { styleGraph } from '../style/graph.ts';
import { STYLES } from '../style/styles.ts';

describe('the bytes of an answer', () => {
  let seal: SealModule;
  beforeAll(async () => {
    seal = await loadSeal();
  });

  async function expectSame(plan: Plan): Promise<void> {
    const { parameters } = plan;
    using keys = new TestKeys(seal, parameters);
    const frame = encodeFrame(
      { kind: 'evaluation-keys', keys: keys.evaluationKeys(rotationSteps(plan)) },
      parameters,
    );
    const random = seededRandom(1);
    const inputs = Array.from({ length: plan.inputCount }, (_, index) => {
      const slots = Float64Array.from({ length: parameters.slots }, () => Math.round(random()));
      const ciphertext = keys.encrypt(slots, plan.inputScale, plan.inputLevel);
      return encodeFrame({ kind: 'ciphertexts', items: [{ index, ciphertext }] }, parameters);
    });
    const answerOf = (count: number): Promise<string[]> => {
      const partition = partitionPlan(plan, count);
      const parts = partition.parts.map((part) => encodePlanPart(part, parameters));
      return answerTo({ parameters, partition, parts }, { keys: frame, inputs }, kernelBytes());
    };
    const [one, ...others] = EVALUATORS;
    const expected = await answerOf(one);
    expect(expected.length).toBeGreaterThan(0);
    for (const count of others) expect(await answerOf(count)).toEqual(expected);
  }

  const plans = STYLES.flatMap((style) =>
    [2, 6, 7].map((version) => {
      const bytes = new Uint8Array(readFileSync(new URL(`../../public/${style.model}`, import.meta.url)));
      const network = importOnnx(bytes, { inputShape: [1, 21, 21] });
      const graph = styleGraph(network, style, 17 + 4 * version, style.defaultColours, 8);
      return { name: `${style.id} ${version}`, plan: compile(graph, { costs: COST_TABLES.simd }).plans[0] };
    }),
  );
  // A style of tiles, one of trained features and one of taps stand for the others beyond version 2.
  for (const { name, plan } of plans) {
    const tags = / 2$|^(ink|gem) 6|^mosaic 7/.test(name) ? [] : ['long'];
    it(`is the same for ${name}`, { tags }, () => expectSame(plan));
  }

  it('is the same for a network whose folds and products are shared out', async () => {
    const { plans: parts } = compile(reluNetwork(), { costs: COST_TABLES.simd, clientOps: true });
    await expectSame(parts[1]);
  });

  it('would not be by the size of a share: there are stages whose shares would choose otherwise', () => {
    const chosen = plans.flatMap(({ name, plan }) =>
      EVALUATORS.flatMap((count) =>
        partitionPlan(plan, count).parts.flatMap(({ segments }) =>
          segments
            .flat()
            .filter((stage) => stage.kind === 'linear')
            .filter((stage) => stage.rows.length > 0 && sumMethodOf(stage) !== stage.method)
            .map(() => `${name} on ${count}`),
        ),
      ),
    );
    expect(chosen).toContain('ink 6 on 2');
    expect(chosen).toContain('watercolour 6 on 3');
  });
});
