// The compiler of a local service: graphs to plans. It knows no key and no ciphertext.
import '../src/base/dispose-symbols.ts';
import { createCompiler } from '../src/service/compiler-role.ts';
import { serve } from './endpoint.ts';

serve(() => createCompiler());
