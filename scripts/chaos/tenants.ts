// Two clients with keys and parameters of their own on one evaluator, their runs interleaved: is every answer right?
import { Session } from '../../src/app/session/session.ts';
import { seededRandom } from '../../src/base/seeded-random.ts';
import { clientWorkers } from '../../workers/platform/node-client.ts';
import { startService } from '../../workers/platform/node-local-service.ts';
import { cardOf, inputFrom, isRight, workload } from './workload.ts';

/** What came of the runs. */
export interface TenantsOutcome {
  readonly runs: number;
  readonly right: number;
  /** Runs of each tenant. */
  readonly each: readonly number[];
  /** How often a run began while one of the other tenant's was under way. */
  readonly interleaved: number;
  readonly degrees: readonly number[];
}

/** `runs` runs of two tenants on a service with one evaluator, each tenant with up to two under way. */
export async function shareEvaluator(runs: number, seed: number): Promise<TenantsOutcome> {
  const random = seededRandom(seed);
  const service = startService(1);
  const workers = { ...clientWorkers, service: () => service };
  const tenants = [
    workload(1, { parameters: { polyModulusDegree: 8192, coeffModulusBits: [30, 28, 28, 28, 28, 28, 30] } }),
    workload(2, { parameters: { polyModulusDegree: 16384, coeffModulusBits: [30, 29, 29, 29, 29, 29, 30] } }),
  ].map((work) => ({ work, session: new Session({ workers, advice: 'Try again.' }), busy: 0, runs: 0 }));
  let [begun, right, interleaved] = [0, 0, 0];
  try {
    const cards = await Promise.all(tenants.map(({ session, work }) => cardOf(session, work)));
    const lane = async (): Promise<void> => {
      while (begun < runs) {
        begun += 1;
        const which = random() < 0.5 ? 0 : 1;
        const tenant = tenants[which];
        interleaved += Number(tenants[1 - which].busy > 0);
        tenant.busy += 1;
        tenant.runs += 1;
        const answered = await isRight(tenant.session, tenant.work, cards[which], inputFrom(random));
        right += Number(answered);
        tenant.busy -= 1;
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    const degrees = cards.map(({ card }) => card.parameters.polyModulusDegree);
    return { runs, right, each: tenants.map((tenant) => tenant.runs), interleaved, degrees };
  } finally {
    for (const { session } of tenants) session.close();
  }
}
