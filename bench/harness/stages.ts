// The stages of the public harness, in its order, by their programs' names (harness/run_submission.py).

/** The programs. Between the second and the third the harness draws its input. */
export const STAGES = [
  'client_key_generation',
  'server_preprocess_model',
  'client_preprocess_input',
  'client_encode_encrypt_input',
  'server_encrypted_compute',
  'client_decrypt_decode',
  'client_postprocess',
] as const;
