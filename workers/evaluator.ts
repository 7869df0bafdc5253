// An evaluator: its share of plans, on ciphertexts. Cannot reach the client role.
import '../src/base/dispose-symbols.ts';
import { createEvaluator } from '../src/server/evaluator.ts';
import { serve } from './endpoint.ts';

serve((setup) => createEvaluator({ seal: setup['seal'], kernel: setup['kernel'] }));
