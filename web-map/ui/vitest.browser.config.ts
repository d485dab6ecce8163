import { defineConfig } from 'vitest/config';

/** One browser at a time: the tests watch the clock and share two cores with everything else. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    environment: 'node',
    globalSetup: 'test/browser/build.ts',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
