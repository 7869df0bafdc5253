// One stage of the public harness as a program: `node bench/harness/stage.ts STAGE [SIZE]`, in the harness' folder.
// `build` comes first: `node bench/harness/stage.ts build SIZE relu|square`.
import { availableParallelism } from 'node:os';
import { decryptAnswers, encryptInput, generateKeys, writeLabels } from './client.ts';
import { InstanceFolders } from './folders.ts';
import { compute, type Threads } from './server.ts';
import { ACTIVATIONS, buildSubmission, planOf } from './submission.ts';

function say(line: string): void {
  process.stdout.write(`         [submission] ${line}\n`);
}

/** One picture alone is shared by two threads; more go side by side. */
function threadsFor({ size }: InstanceFolders): Threads {
  const evaluators = Number(process.env['SEALED_QR_EVALUATORS'] ?? Math.min(4, availableParallelism()));
  return { evaluators, together: size === 0 ? Math.min(2, evaluators) : 1 };
}

async function runCompute(folders: InstanceFolders): Promise<void> {
  const threads = threadsFor(folders);
  const { keysMs, weightsMs, evaluateMs, cpuMs } = await compute(folders, threads, (group, ms) =>
    say(`Execution time for ciphertexts of group ${group}: ${ms.toFixed(1)} ms`),
  );
  say(`Keys were loaded in ${keysMs.toFixed(0)} ms, weights encoded in ${weightsMs.toFixed(0)} ms.`);
  say(`CPU time of ${evaluateMs.length} groups: ${cpuMs.toFixed(1)} ms`);
}

/** What each stage does. Those that have nothing to do say so. */
const WORK: Readonly<Record<string, (folders: InstanceFolders, more: string) => Promise<void> | void>> = {
  build: (folders, activation) => {
    const known = ACTIVATIONS.find((name) => name === activation);
    if (!known) throw new RangeError(`Say which network: ${ACTIVATIONS.join(' or ')}.`);
    const { card } = buildSubmission(folders, known);
    say(
      `Planned for N = ${card.parameters.polyModulusDegree}, ${card.parameters.coeffModulusBits.join('+')} bits.`,
    );
  },
  client_key_generation: generateKeys,
  // The model is not encrypted. Its plan was made when this was built; weights are encoded where they are used.
  server_preprocess_model: (folders) => void planOf(folders),
  // Pixels are normalised where they are encrypted, as in the reference.
  client_preprocess_input: () => undefined,
  client_encode_encrypt_input: encryptInput,
  server_encrypted_compute: runCompute,
  client_decrypt_decode: decryptAnswers,
  client_postprocess: writeLabels,
};

const [stage = '', size = process.env['SEALED_QR_SIZE'] ?? '0', more = ''] = process.argv.slice(2);
const work = WORK[stage];
if (!work) {
  process.stderr.write(`Say which stage: ${Object.keys(WORK).join(', ')}.\n`);
  process.exitCode = 2;
} else {
  await work(new InstanceFolders(process.cwd(), Number(size)), more);
}
