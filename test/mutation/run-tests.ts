import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import { ROOT } from '../laws/sources.ts';

/** Runs test files in one long-lived vitest, with one source replaced. */
export interface MutationRunner extends AsyncDisposable {
  /** Whether a test failed, or none ended within the time. */
  isNoticed(path: string, text: string | undefined, tests: readonly string[], timeoutMs: number): Promise<boolean>;
}

/** A runner; it starts vitest anew when a mutant has hung it. */
export function createMutationRunner(): MutationRunner {
  let replaced: { readonly file: string; readonly text: string } | undefined;
  let running: Promise<Vitest> | undefined;
  const plugin = {
    name: 'mutate',
    enforce: 'pre' as const,
    transform: (_code: string, id: string) => (id === replaced?.file ? { code: replaced.text, map: null } : undefined),
  };
  const start = () =>
    createVitest(
      {
        watch: false,
        config: join(ROOT, 'vitest.config.ts'),
        reporters: [{}],
        bail: 1,
        maxWorkers: 1,
        pool: 'threads',
        exclude: [],
        fsModuleCache: false,
      },
      { plugins: [plugin] },
    );
  return {
    isNoticed: async (path, text, tests, timeoutMs) => {
      running ??= start();
      const vitest = await running;
      const file = join(ROOT, path);
      replaced = text === undefined ? undefined : { file, text };
      vitest.invalidateFile(file);
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => late.resolve('late'), timeoutMs);
      try {
        // One by one, because vitest runs the longest first, and most mutants are noticed by the nearest.
        for (const test of tests) {
          const specification = vitest.getRootProject().createSpecification(join(ROOT, test));
          const outcome = await Promise.race([vitest.runTestSpecifications([specification]), late.promise]);
          if (outcome === 'late') {
            running = undefined;
            await vitest.close().catch(() => undefined);
            return true;
          }
          if (outcome.unhandledErrors.length > 0 || outcome.testModules.some((module) => !module.ok())) return true;
        }
        return false;
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: async () => (await running)?.close(),
  };
}
