// Gives the realm Symbol.dispose and Symbol.asyncDispose where it has none. The first import of every page and worker.
//
// WebKit, hence Safari, has neither. node-seal then gives its objects no disposer, and `using` on one of them fails
// ("Object is not disposable"). The registered symbols are those that compiled `using` falls back to as well.

for (const name of ['dispose', 'asyncDispose'] as const) {
  // Typed as always there, which is what this file sees to.
  if ((Symbol[name] as symbol | undefined) === undefined) {
    Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
  }
}
