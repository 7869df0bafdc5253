// Real worker threads: roles over the thread boundary, errors with their codes, and what a killed thread leaves.
import { afterEach, describe, expect, it } from 'vitest';
import { identityCard } from '../../fixtures/small-card.ts';
import { TINY } from '../../fixtures/small-engine.ts';
import type { WorkerHandle } from '../../src/app/session/workers.ts';
import { SERVER_BACKENDS } from '../../src/protocol/contracts.ts';
import { nodeWorkers } from './node.ts';

const started: WorkerHandle<unknown>[] = [];
function keep<Role>(handle: WorkerHandle<Role>): WorkerHandle<Role> {
  started.push(handle);
  return handle;
}
afterEach(() => {
  for (const { terminate } of started.splice(0)) terminate();
});

describe('nodeWorkers', () => {
  it.each(SERVER_BACKENDS)(
    'run the client and server roles in threads of their own, on %s',
    async (backend) => {
      const workers = nodeWorkers();
      const [client, server] = [keep(workers.client()), keep(workers.server())];
      const card = identityCard(TINY, { rotationSteps: [1] });
      const { keys } = await client.role.prepare(card);
      expect(await server.role.open(card.parameters, backend)).toBe(backend);
      await server.role.addKeys(keys!);
      expect(await server.role.memoryBytes()).toBeGreaterThan(1 << 18);
      await expect(server.role.addKeys(keys!.subarray(1))).rejects.toMatchObject({
        code: 'malformed-frame',
        stage: 'wire',
      });
      await expect(server.role.run(1, 'none', 0, [], [])).rejects.toMatchObject({ code: 'wrong-state' });
      const { frames } = await client.role.encrypt(card, new Float32Array(48).fill(1));
      expect((await client.role.decryptPicture(card, frames, undefined)).data).toEqual(
        new Uint8Array(48).fill(255),
      );
    },
  );

  it('fail what waits for a thread that is ended, and leave the others alone', async () => {
    const workers = nodeWorkers();
    const [ended, other] = [keep(workers.server()), keep(workers.server())];
    await ended.role.open(TINY, 'seal');
    const waiting = ended.role.open({ polyModulusDegree: 32768, coeffModulusBits: [30, 30] }, 'seal');
    ended.terminate('planted');
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    expect(ended.dead).toBe(true);
    await other.role.open(TINY, 'seal');
    expect(other.dead).toBe(false);
  });

  it('survive calls of methods that do not exist', async () => {
    const handle = keep(nodeWorkers().server());
    await handle.role.warm();
    const missing = handle.role as unknown as { nowhere: () => Promise<void> };
    await expect(missing.nowhere()).rejects.toMatchObject({ code: 'internal' });
    await handle.role.open(TINY, 'seal');
    expect(handle.dead).toBe(false);
  });
});
