import { defineConfig, mergeConfig } from 'vitest/config';
import fast from './vitest.config.ts';

// npm run test:all: everything that this machine can run without a cluster.
export default mergeConfig(
  { ...fast, test: { ...fast.test, exclude: [], isolate: true, maxWorkers: 2 } },
  defineConfig({ test: { exclude: ['test/cluster/**', 'test/images/**', '**/node_modules/**'] } }),
);
