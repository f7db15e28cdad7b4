import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: process.env['CI'] ? ['default'] : ['default'],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/core/**', 'src/**/generated/**'] },
  },
});
