import { defineConfig } from 'vitest/config';
import { LONG } from './test/lanes.ts';

// npm test: the fast lane.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/cluster/**', 'test/images/**', '**/node_modules/**', ...LONG],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } }, // what is polled for is another process's work: a busy machine is not a failure
    pool: 'forks',
    setupFiles: './test/setup.ts', // ends what a test left running
    isolate: false, // half of the time goes into loading modules; they keep no state, and test:all loads them anew for each file
    maxWorkers: 3, // on two cores: many tests wait for a socket or a file
    maxConcurrency: 2, // tests of one file that may run at once, for those that start processes
    reporters: ['default', './test/reporter.ts'],
  },
});
