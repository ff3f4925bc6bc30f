import { defineConfig } from 'vitest/config';

// npm run test:images: builds both images with buildah, as root on Linux, and starts them as the manifests do.
export default defineConfig({
  test: {
    include: ['test/images/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    setupFiles: './test/setup.ts', // ends what a test left running
    // One build at a time: each installs every package.
    fileParallelism: false,
    reporters: ['default', './test/reporter.ts'],
  },
});
