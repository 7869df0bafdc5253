// The tester of BFV sets: a local tester that holds both roles, keys and evaluation. No part of the protocol.
import '../src/base/dispose-symbols.ts';
import { createBfvTester } from '../src/bfv/bfv-tester.ts';
import { serve } from './endpoint.ts';

serve((setup) => createBfvTester(setup['seal']));
