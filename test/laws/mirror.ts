import type { Source } from './sources.ts';

/** Test files that mirror no source and do not say in a comment on their first lines which flow they test. */
export function unexplainedTests(tests: readonly Source[], sources: ReadonlySet<string>): string[] {
  return tests
    .filter(({ path, text }) => {
      const mirrored = path.replace(/^test\//, '').replace(/(\.property)?\.test\.ts$/, '');
      if (sources.has(`${mirrored}.ts`) || sources.has(`${mirrored}.js`)) return false;
      return !/^(import [^\n]*\n)*\s*\/[/*]+ Flow: \S/.test(text) && !/^\/\/ Flow: \S/m.test(text.slice(0, 400));
    })
    .map(({ path }) => path);
}
