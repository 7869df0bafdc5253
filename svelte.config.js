// How Svelte components are compiled: runes everywhere, TypeScript stripped by Svelte itself.

export default { compilerOptions: { runes: true } };
