// Makes anew, from an opened seed, every byte that a client has sent, and compares: what it says of its frames is then true.
//
// A client that puts anything else into its frames, in whatever form, differs here. It cannot know beforehand which runs are
// opened: it has bound itself before the first byte, and the coin falls outside of it after the last one.
import { assert } from '../base/assert.ts';
import { asSealedError } from '../base/errors.ts';
import { sha256Of } from '../base/sha256.ts';
import { type ClientFiles, createClientRole } from '../client/client-role.ts';
import type { ClientRole, InputGroup } from '../protocol/client.ts';
import type { OpenedRun } from '../protocol/opened-run.ts';

/** What of an opened run differs from what its seed makes. */
export interface Difference {
  readonly what: 'commitment' | 'keys' | 'request';
  /** Which one, in the order in which they were sent. */
  readonly index: number;
  /** In words. */
  readonly found: string;
}

/** What comes of an audit: equal in everything where nothing differs. */
export interface OpenedFinding {
  readonly code: 'opened-equal' | 'opened-differs';
  readonly differences: readonly Difference[];
  /** Frames that were compared. */
  readonly frames: number;
}

/**
 * Audits an opened run: the seed against the commitment, and each frame of keys and ciphertexts against what that seed makes.
 * Whoever audits needs the run's inputs, and learns with them what the run was about; its key has decrypted nothing.
 * @param files the auditor's own client kernel and SEAL
 */
export async function auditOpened(run: OpenedRun, files: ClientFiles): Promise<OpenedFinding> {
  const own = Uint8Array.from(run.own);
  const role = createClientRole(files, () => own.slice());
  const again = new Remaking(role, run);
  try {
    await again.commit();
    await again.prepare();
    for (const index of run.requests.keys()) await again.request(index);
  } catch (error) {
    // A client that has sent what no client sends is no reason to stop: it is the finding.
    again.fail(asSealedError(error).message);
  } finally {
    await role.close();
  }
  const { differences, frames } = again;
  return { code: differences.length === 0 ? 'opened-equal' : 'opened-differs', differences, frames };
}

/** The calls of the run, made again on a client of the auditor's own, in their order: it is that of the seeds. */
class Remaking {
  readonly differences: Difference[] = [];
  frames = 0;
  readonly #role: ClientRole;
  readonly #run: OpenedRun;
  readonly #held = new Set<number>();
  #at: Pick<Difference, 'what' | 'index'> = { what: 'commitment', index: 0 };

  constructor(role: ClientRole, run: OpenedRun) {
    this.#role = role;
    this.#run = run;
  }

  fail(found: string): void {
    this.differences.push({ ...this.#at, found });
  }

  async commit(): Promise<void> {
    const { commitment, page } = this.#run;
    if ((await this.#role.commit()) !== commitment)
      this.fail('The seed is not the one that was committed to.');
    await this.#role.mix(Uint8Array.from(page));
  }

  async prepare(): Promise<void> {
    for (const [index, { card, most, frame }] of this.#run.prepared.entries()) {
      this.#at = { what: 'keys', index };
      const { keys } = await this.#role.prepare(await this.#role.open(card), most);
      await this.#compare(keys ? [keys] : [], frame === undefined ? [] : [frame]);
    }
  }

  async request(index: number): Promise<void> {
    this.#at = { what: 'request', index };
    const { requests, card, inputs } = this.#run;
    const { segment, group, frames } = requests[index];
    const name = await this.#role.open(card);
    if (segment === 0) {
      const values = joined(inputs.slice(group.first, group.first + group.inputs));
      const made = await this.#role.encrypt(name, values);
      await this.#compare(made.frames, frames);
      return;
    }
    const held: InputGroup = { runId: 0, ...group };
    await this.#hold(name, segment, held);
    const made = await this.#role.encryptHeld(name, segment, held);
    await this.#compare(made.frames, frames);
  }

  /** Decrypts what the service answered before a request, as the client did; groups of two segments may differ. */
  async #hold(name: string, segment: number, { first, inputs }: InputGroup): Promise<void> {
    const { requests, held } = this.#run;
    for (const [index, { segment: before, group, answer }] of requests.entries()) {
      const isNeeded =
        before === segment - 1 && group.first < first + inputs && group.first + group.inputs > first;
      if (!isNeeded || this.#held.has(index)) continue;
      this.#held.add(index);
      await this.#role.hold(name, before, answer, { runId: 0, ...group }, held[index]);
    }
  }

  async #compare(made: readonly Uint8Array[], sent: readonly string[]): Promise<void> {
    this.frames += sent.length;
    if (made.length !== sent.length) {
      this.fail(`${sent.length} frames were sent where the seed makes ${made.length}.`);
      return;
    }
    const hashes = await Promise.all(made.map(sha256Of));
    const differing = hashes.filter((hash, i) => hash !== sent[i]).length;
    if (differing > 0) this.fail(`${differing} of ${sent.length} frames are not what the seed makes.`);
  }
}

function joined(inputs: readonly Float32Array[]): Float32Array {
  const [first] = inputs;
  assert(first !== undefined, 'an opened run has its inputs');
  const values = new Float32Array(inputs.length * first.length);
  inputs.forEach((input, i) => values.set(input, i * first.length));
  return values;
}
