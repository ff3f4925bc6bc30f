/**
 * Test files that `npm test` leaves to `npm run test:all`: those that kill processes, soak, fuzz, start PostgreSQL, a
 * browser or whole programs. The rest runs in under 90 seconds on two cores.
 */
export const LONG: readonly string[] = [
  'test/**/*kill.test.ts',
  'test/**/*crash.test.ts',
  'test/**/*soak.test.ts',
  'test/**/*fuzz.test.ts',
  'test/**/*.property.test.ts',
  'test/browser/**',
  'test/package/**',
  'test/cli/demo.test.ts',
  'test/cli/completion.test.ts',
  'test/end-to-end.test.ts',
  'test/shared/store/timescale/**',
  'test/poller/database.test.ts',
  'test/poller/once.test.ts',
  'test/poller/grid/provider-table.test.ts',
  'test/poller/grid/providers/failure-table.test.ts',
];
