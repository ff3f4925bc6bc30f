import { defineConfig } from 'vitest/config';

// npm run test:cluster: against a real API server, etcd and kube-scheduler, whose folder is in KUBE_ASSETS.
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    setupFiles: './test/setup.ts', // ends what a test left running
    // One control plane at a time: each is three servers.
    fileParallelism: false,
    reporters: ['default', './test/reporter.ts'],
  },
});
