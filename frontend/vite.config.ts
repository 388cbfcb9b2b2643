import { defineConfig } from "vitest/config";

// Django serves the result under STATIC_URL; the names carry a content hash, so they are cached for ever.
export default defineConfig({
  base: "/static/",
  build: {
    outDir: "dist",
    assetsDir: "assets",
    manifest: "manifest.json",
    target: "es2022",
    sourcemap: false,
    // Plotly is one lazily loaded chunk of its own, known to be large.
    chunkSizeWarningLimit: 1600,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        style: "src/style.css",
        site: "src/site.ts",
        battle: "src/battle.ts",
        leaderboard: "src/leaderboard.ts",
      },
    },
  },
  test: {
    environment: "jsdom",
    // The tests read the colours of the design system.
    css: true,
    include: ["tests/**/*.test.ts"],
    // A process and a document for each file cost more than what most files do with them.
    isolate: false,
    maxWorkers: 1,
    setupFiles: ["tests/afresh.ts"],
    // They compute where the tests of the whole stack wait, and wait for those: five seconds are not always theirs.
    testTimeout: 60_000,
  },
});
