// Rules of this project for the linter: exact mathematics, imports that can be read, SEAL's module by name alone.

/** Functions of Math whose results the standard leaves to the engine. */
const ROUGH = new Set([
  ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1'],
  ...['hypot', 'log', 'log10', 'log1p', 'log2', 'pow', 'sin', 'sinh', 'tan', 'tanh', 'f16round'],
]);

const EXACT = 'Engines differ in it, and plans and pictures must not: use src/base/exact-math.ts.';

/** The whole number that a literal is, with a sign or without; undefined for anything else. */
function wholeLiteral(node) {
  if (node.type === 'UnaryExpression' && node.operator === '-') {
    const value = wholeLiteral(node.argument);
    return value === undefined ? undefined : -value;
  }
  if (node.type !== 'Literal') return undefined;
  return typeof node.value === 'bigint' || Number.isInteger(node.value) ? node.value : undefined;
}

/** Whether every engine gives the same: a whole literal's whole power, or a square. */
function isExactPower({ left, right }) {
  const exponent = wholeLiteral(right);
  return exponent === 2 || (exponent !== undefined && wholeLiteral(left) !== undefined);
}

/** No function of Math that engines compute differently, and no power but of literals and squares. */
const exactMath = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      rough: `Math.{{name}}: ${EXACT}`,
      power: `A power other than a square or a literal's: ${EXACT}`,
      passed: 'Math is used by the names of its functions, so that the rough ones are seen.',
    },
  },
  create(context) {
    const power = (node) => {
      if (node.operator === '**' || node.operator === '**=') {
        if (!isExactPower(node)) context.report({ node, messageId: 'power' });
      }
    };
    const use = (node, { parent }) => {
      const name = parent.type === 'MemberExpression' && parent.object === node && nameOf(parent);
      if (!name) context.report({ node, messageId: 'passed' });
      else if (ROUGH.has(name)) context.report({ node: parent, messageId: 'rough', data: { name } });
    };
    return {
      BinaryExpression: power,
      AssignmentExpression: power,
      // As a value, and not the name of a property or a type.
      Identifier(node) {
        const { parent } = node;
        if (node.name !== 'Math' || parent.type.startsWith('TS')) return;
        if (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) {
          use(parent, parent);
          return;
        }
        if (parent.type === 'Property' && parent.key === node && !parent.shorthand) return;
        use(node, node);
      },
    };
  },
};

/** The property's name where it can be read; undefined where it is computed. */
function nameOf({ computed, property }) {
  if (!computed) return property.name;
  return property.type === 'Literal' ? String(property.value) : undefined;
}

/** No import whose file only running shows: the import rules could not see it. */
const readableImports = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { hidden: 'The import rules cannot see what this imports: name the file in a literal.' },
  },
  create(context) {
    const check = (node, source) => {
      const isLiteral = source?.type === 'Literal' && typeof source.value === 'string';
      if (!isLiteral) context.report({ node, messageId: 'hidden' });
    };
    return {
      ImportExpression: (node) => check(node, node.source),
      'CallExpression[callee.name="require"]': (node) => check(node, node.arguments[0]),
    };
  },
};

/** What SEAL's module is known by, whatever its type is called. */
const TELLING = ['KeyGenerator', 'SEALContext'];

/** SEAL's module is used by the names of its classes, which scripts/boundaries.test.ts looks for. */
const namedSeal = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      computed: 'SEAL’s module is used by the names of its classes alone, so that the secret ones are seen.',
      passed: 'SEAL’s module is handed on as itself alone, so that the secret classes’ names are seen.',
    },
  },
  create(context) {
    const { text, parserServices } = context.sourceCode;
    if (!parserServices?.program || !/\bseal\b|SealModule|MainModule|loadSeal/.test(text)) return {};
    const checker = parserServices.program.getTypeChecker();
    const holdsSeal = (type) => TELLING.some((name) => checker.getPropertyOfType(type, name) !== undefined);
    const isSeal = (node) => holdsSeal(checker.getApparentType(parserServices.getTypeAtLocation(node)));
    const report = (node, messageId) => context.report({ node, messageId });
    /** Wherever SEAL's module is given to something that takes it for less. */
    const given = (node) => {
      if (!node || !isSeal(node)) return;
      const wanted = checker.getContextualType(parserServices.esTreeNodeToTSNodeMap.get(node));
      if (wanted !== undefined && !wanted.isTypeParameter() && !holdsSeal(wanted)) report(node, 'passed');
    };
    const pattern = (node, source) => {
      const isHidden = ({ type, computed }) => type === 'RestElement' || computed;
      if (node.type === 'ObjectPattern' && source && node.properties.some(isHidden) && isSeal(source)) {
        report(node, 'computed');
      }
    };
    return {
      'MemberExpression[computed=true]': (node) => isSeal(node.object) && report(node, 'computed'),
      SpreadElement: (node) => isSeal(node.argument) && report(node, 'computed'),
      VariableDeclarator({ id, init }) {
        pattern(id, init);
        given(init);
      },
      AssignmentExpression({ left, right }) {
        pattern(left, right);
        given(right);
      },
      'CallExpression, NewExpression': (node) => node.arguments.forEach(given),
      TSAsExpression: (node) => given(node.expression),
      TSTypeAssertion: (node) => given(node.expression),
      ReturnStatement: (node) => given(node.argument),
      'ArrowFunctionExpression[expression=true]': (node) => given(node.body),
      'Property, PropertyDefinition': (node) => given(node.value),
    };
  },
};

/** Lets the parser read AssemblyScript: a decorator of a function, which TypeScript does not know, becomes blank. */
const assemblyscript = {
  preprocess: (text) => [text.replace(/^@\w+$/gm, (decorator) => ' '.repeat(decorator.length))],
  postprocess: (messages) => messages.flat(),
};

export default {
  processors: { assemblyscript },
  rules: { 'exact-math': exactMath, 'named-seal': namedSeal, 'readable-imports': readableImports },
};
