// The pipeline's stages in the words of the page.
import type { StageName } from '../../../app/session/stages.ts';

/** What each stage does, as a line in its place. */
export const stageLabels: Readonly<Record<StageName, string>> = {
  'encode-qr': 'Write the code',
  plan: 'Prepare the network',
  keygen: 'Make the keys',
  encrypt: 'Encrypt',
  request: 'Send',
  evaluate: 'Draw on ciphertext',
  response: 'Return',
  decrypt: 'Decrypt and compare',
  snap: 'Round to the style',
  correct: 'Correct and scan',
};

/** What is going on during each stage, for the status line. */
export const stageActivities: Readonly<Record<StageName, string>> = {
  'encode-qr': 'Writing the code…',
  plan: 'Preparing the network…',
  keygen: 'Making the keys…',
  encrypt: 'Encrypting…',
  request: 'Sending keys and ciphertext…',
  evaluate: 'The server draws on ciphertext…',
  response: 'Returning the ciphertext…',
  decrypt: 'Decrypting, and comparing with the style…',
  snap: 'Rounding to the style…',
  correct: 'Correcting, and scanning the result…',
};
