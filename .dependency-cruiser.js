// The import rules of the design: which room may import which, and what must stay out of reach even indirectly.

const tests = '\\.test\\.ts$';

/** Room → the rooms it may import besides itself and src/base. Paths are regular expressions from the root. */
const rooms = {
  'src/base/': [],
  'src/params/': [],
  'src/kernel/': ['src/params/embedding-roots'],
  'src/qr/(?!geometry)': ['src/qr/geometry'],
  // Which modules are function patterns, by version: public, so that the service may know it.
  'src/qr/geometry': [],
  'src/model/': [],
  'src/plan/': ['src/params/', 'src/model/graph'],
  'src/seal/': ['src/params/'],
  'src/import/': ['src/model/'],
  'src/style/': ['src/model/', 'src/qr/geometry'],
  'src/compiler/': ['src/model/', 'src/plan/', 'src/params/'],
  'src/protocol/': [
    'src/plan/',
    'src/params/',
    'src/model/graph',
    'src/model/graph-codec',
    'src/model/check-graph',
  ],
  'src/client/': [
    'src/protocol/',
    'src/plan/',
    'src/params/',
    'src/seal/',
    'src/model/graph',
    'src/model/execute',
    'src/model/(batch|rounds)',
  ],
  // What was recorded, made again: with the client's own code, from a seed that was opened.
  'src/audit/': ['src/client/', 'src/protocol/', 'src/plan/', 'src/params/'],
  'src/bfv/': ['src/model/', 'src/params/', 'src/seal/'],
  'src/server/': ['src/protocol/', 'src/plan/', 'src/params/', 'src/seal/', 'src/kernel/kernel\\.ts'],
  // The server side whole: it compiles, and drives evaluators by their contract.
  'src/service/': [
    'src/protocol/',
    'src/compiler/',
    'src/import/',
    'src/model/',
    'src/plan/',
    'src/params/',
    'src/style/',
  ],
  // The client side whole: a service by its contract, cards, and never a plan.
  'src/app/': [
    'src/qr/',
    'src/style/',
    'src/protocol/',
    'src/import/',
    'src/model/',
    'src/plan/(client-interface|explanation|preference|finish|tensor-packing)',
    'src/params/',
    'src/bfv/bfv-test',
  ],
  // What `import … from 'sealed-qr'` gives; which platform it runs on is for the manifest's imports to say.
  'src/face/': [
    'src/app/',
    'src/qr/',
    'src/style/',
    'src/protocol/',
    'src/params/parameters',
    'src/plan/(explanation|preference|client-interface|costs|finish)',
    'src/import/',
    'src/model/',
    'workers/platform/',
  ],
  'examples/': ['src/face/'],
  'src/ui/': [
    'src/app/',
    'src/plan/(explanation|preference)',
    'src/protocol/backends',
    'src/qr/',
    'src/style/',
    'src/import/',
    'workers/platform/browser',
    'wasm/build/',
  ],
  'workers/client': ['src/client/', 'workers/(endpoint|hardening|self-test)'],
  'workers/evaluator': ['src/server/', 'workers/endpoint'],
  'workers/compiler': ['src/service/compiler-role', 'workers/endpoint'],
  'workers/picture': ['src/app/style/picture-role', 'workers/endpoint'],
  'workers/service': [
    'src/service/',
    'workers/endpoint',
    'workers/(pool|platform/(browser-worker|backend-hashes))',
  ],
  'workers/bfv': ['src/bfv/', 'workers/endpoint'],
  'workers/scan': ['src/qr/', 'workers/endpoint'],
  'workers/simulator': ['src/server/', 'workers/endpoint'],
  'workers/pool': ['workers/'],
  'workers/platform/': [
    'workers/',
    'src/app/',
    'src/protocol/',
    'src/service/',
    'src/seal/wasm-hash',
    'src/style/',
    'wasm/(build/|manifest)',
  ],
  'cli/': [
    'src/app/',
    'src/plan/(explanation|preference)',
    'src/qr/',
    'src/style/',
    'src/import/',
    'workers/',
    'bench/',
    'src/seal/load',
    'src/model/graph',
  ],
  'wasm/': [],
  'endpoint/': ['src/server/', 'src/protocol/'],
};

const downward = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room.replace(/\/$/, '')} imports downward`,
  comment: `${room} may import ${['itself', 'src/base/', ...allowed].join(', ')} and packages.`,
  severity: 'error',
  from: { path: `^${room}`, pathNot: tests },
  to: {
    path: '^(src|workers|cli|endpoint|wasm|training|bench|e2e|scripts|fixtures|examples)/',
    pathNot: [room, 'src/base/', ...allowed].map((path) => `^${path}`),
  },
}));

// The server side: what a service and its threads run.
const service = '^(src/server/|src/service/|endpoint/|workers/(evaluator|service|compiler|simulator))';
// The client side: what holds keys, texts and pictures.
const client =
  '^(src/client/|src/app/|src/face/(client|styling|qr)|workers/client|workers/platform/browser-client)';

const unreachable = [
  ['the service cannot reach the secret key', service, '^(src/client/|src/bfv/|src/audit/)'],
  ['a session opens no seed itself', '^(src/app/|src/client/|src/protocol/|workers/client)', '^src/audit/'],
  ['the service cannot reach the QR code', service, '^src/qr/(?!geometry)'],
  ['the client side cannot reach the compiler', client, '^src/compiler/'],
  ['the client side cannot reach the service', client, '^(src/server/|src/service/)'],
  [
    'the client side starts no service of its own',
    '^src/face/(client|styling|qr)',
    '^workers/(service|compiler|evaluator|platform/.*service)',
  ],
  ['the client side knows no plan', client, '^src/plan/(plan-codec|partition|verify|print|counts|stages/)'],
  ['the client role cannot reach the importers', '^(src/client/|workers/client)', '^src/import/'],
  // The lab has the address of the worker's script, which counts as an import; the room rules above keep all others away.
  [
    'only its worker reaches the BFV tester, which holds keys and evaluates with them',
    '^(src/(?!bfv/|ui/lab/)|endpoint/|workers/(?!bfv|platform/(browser|site)-bfv))',
    '^src/bfv/(?!bfv-test)',
  ],
  ['the compiler knows no SEAL', '^src/compiler/', '^(src/seal/|node_modules/node-seal/)'],
  ['nothing leans on the page', '^(src/(?!ui/)|workers/|cli/|endpoint/)', '^src/ui/'],
  ['nothing leans on the public face', '^(src/(?!face/)|workers/|cli/|endpoint/)', '^src/face/'],
].map(([name, from, to]) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: tests },
  to: { path: to, reachable: true },
}));

export default {
  forbidden: [
    ...downward,
    ...unreachable,
    {
      name: 'no import cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'every import is found',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no development package in the product',
      severity: 'error',
      from: { path: '^(src|workers|cli|endpoint)/', pathNot: tests },
      // The page's framework is compiled away, and types leave no import.
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/svelte/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: {
      path: '^(dist|dist-leaking|test-results|playwright-report|wasm/assembly|wasm/client|wasm/build|dist-lib)/',
    },
    // Type imports count too: a room that knows another's types depends on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'browser', 'svelte', 'types', 'default'],
      extensions: ['.ts', '.js', '.svelte', '.json', '.wasm'],
    },
  },
};
