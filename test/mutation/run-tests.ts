import { join } from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import { ROOT } from '../laws/sources.ts';

/** Runs test files in one long-lived vitest, with one source replaced. */
export interface MutationRunner extends AsyncDisposable {
  /** Whether a test file fails, or does not end within the time, with the text in the place of a source. */
  isNoticed(
    mutant: { readonly path: string; readonly text: string } | undefined,
    test: string,
    timeoutMs: number,
  ): Promise<boolean>;
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
    isNoticed: async (mutant, test, timeoutMs) => {
      running ??= start();
      const vitest = await running;
      replaced = mutant && { file: join(ROOT, mutant.path), text: mutant.text };
      if (replaced !== undefined) vitest.invalidateFile(replaced.file);
      const specification = vitest.getRootProject().createSpecification(join(ROOT, test));
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => late.resolve('late'), timeoutMs);
      const outcome = await Promise.race([vitest.runTestSpecifications([specification]), late.promise]);
      clearTimeout(timer);
      if (outcome === 'late') {
        running = undefined;
        // A thread that a mutant has caught in a loop does not end before this program does.
        vitest.close().catch(() => undefined);
        return true;
      }
      return outcome.unhandledErrors.length > 0 || outcome.testModules.some((module) => !module.ok());
    },
    [Symbol.asyncDispose]: async () => (await running)?.close(),
  };
}
