import { defineConfig } from 'vitest/config';
import { BUILT } from './tests/program.ts';

const isCi = process.env['CI'] !== undefined;

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['tests/program.ts'],
    setupFiles: ['tests/chance.ts'],
    // Where threads take their code from: see src/engine/boot.mjs.
    env: { VSWITCH_BUILT: BUILT.src },
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // `.ci/run` counts from the file.
    reporters: isCi ? ['default', 'json'] : ['default'],
    outputFile: { json: 'build/tests.json' },
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/core/**', 'src/**/generated/**'] },
  },
});
