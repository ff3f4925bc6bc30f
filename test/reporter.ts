import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line of counts, and names every suite that was left out, so that no skip goes unheard. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const leftOut = new Set<string>();
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'pending') continue;
        counts[state] += 1;
        if (state === 'skipped') leftOut.add(module.relativeModuleId);
      }
    }
    for (const name of leftOut) console.log(`left out (in whole or part): ${name}`);
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
