// The import rules of the design: which room may import which, and what must stay out of reach even indirectly.

const tests = '\\.test\\.ts$';

/** Room → the rooms it may import besides itself and src/base. Paths are regular expressions from the root. */
const rooms = {
  'src/base/': [],
  'src/qr/': [],
  'src/params/': [],
  'src/plan/': ['src/params/'],
  'src/seal/': ['src/params/'],
  'src/model/': [],
  'src/style/': ['src/model/', 'src/qr/'],
  'src/compiler/': ['src/model/', 'src/plan/', 'src/params/'],
  'src/protocol/': ['src/plan/', 'src/params/', 'src/model/graph'],
  'src/client/': ['src/protocol/', 'src/plan/', 'src/params/', 'src/seal/', 'src/model/'],
  'src/server/': ['src/protocol/', 'src/plan/', 'src/params/', 'src/seal/', 'wasm/kernel\\.ts'],
  'src/app/': [
    'src/qr/',
    'src/style/',
    'src/compiler/',
    'src/protocol/',
    'src/model/',
    'src/plan/',
    'src/params/',
  ],
  'src/ui/': ['src/app/', 'src/qr/', 'src/style/', 'workers/pool', 'wasm/build/'],
  'workers/client': ['src/client/', 'workers/endpoint'],
  'workers/server': ['src/server/', 'workers/endpoint'],
  'workers/bfv': ['src/client/', 'workers/endpoint'],
  'workers/scan': ['src/qr/', 'workers/endpoint'],
  'workers/simulator': ['src/server/', 'workers/endpoint'],
  'workers/pool': ['workers/', 'src/app/workers'],
  'cli/': ['src/app/', 'src/plan/print', 'src/qr/', 'src/style/', 'workers/', 'bench/', 'src/seal/load'],
  // The kernel stands alone; its oracle, for tests and benchmarks, compares it with SEAL.
  'wasm/(?!seal-oracle)': ['wasm/'],
  'endpoint/': ['src/server/', 'src/protocol/'],
};

const downward = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room.replace(/\/$/, '')} imports downward`,
  comment: `${room} may import ${['itself', 'src/base/', ...allowed].join(', ')} and packages.`,
  severity: 'error',
  from: { path: `^${room}`, pathNot: tests },
  to: {
    path: '^(src|workers|cli|endpoint|wasm|training|bench|e2e|scripts|fixtures)/',
    pathNot: [room, 'src/base/', ...allowed].map((path) => `^${path}`),
  },
}));

const unreachable = [
  ['the server role cannot reach the secret key', '^(src/server/|endpoint/|workers/server)', '^src/client/'],
  ['the server role cannot reach the QR code', '^(src/server/|endpoint/|workers/server)', '^src/qr/'],
  ['the compiler knows no SEAL', '^src/compiler/', '^(src/seal/|node_modules/node-seal/)'],
  ['nothing leans on the page', '^(src/(?!ui/)|workers/|cli/|endpoint/)', '^src/ui/'],
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
    exclude: { path: '^(dist|dist-leaking|test-results|playwright-report|wasm/assembly|wasm/build)/' },
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
