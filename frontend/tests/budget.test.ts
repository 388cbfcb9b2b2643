// @vitest-environment node
import { describe, expect, it } from "vitest";

interface Chunk { file: string; imports?: string[]; dynamicImports?: string[] }

// What Vite has built, if it has; `make test` builds first.
const manifests = import.meta.glob<Record<string, Chunk>>("../dist/manifest.json", { eager: true, import: "default" });
const sources = import.meta.glob<string>("../dist/assets/*.js", { query: "?raw", import: "default" });
const manifest = Object.values(manifests)[0];

function closure(name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest?.[name];
  if (!chunk || seen.has(name)) return seen;
  seen.add(name);
  for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) closure(next, seen);
  return seen;
}

async function gzipped(name: string): Promise<number> {
  const source = await sources[`../dist/${manifest?.[name]?.file ?? ""}`]?.();
  const stream = new Blob([source ?? ""]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

describe.runIf(manifest)("the battle page", () => {
  const names = [...new Set([...closure("src/battle.ts"), ...closure("src/site.ts")])];
  const isTemml = (name: string): boolean => name.includes("temml");
  const total = async (some: string[]): Promise<number> =>
    (await Promise.all(some.map(gzipped))).reduce((sum, size) => sum + size, 0);

  it("loads at most 120 kB of script (gzip), highlighting included, and never Plotly", async () => {
    expect(names.filter((name) => name.includes("plotly"))).toEqual([]);
    const size = await total(names.filter((name) => !isTemml(name)));
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThanOrEqual(120_000);
  });

  it("loads at most 60 kB more where an answer has a formula", async () => {
    const size = await total(names.filter(isTemml));
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThanOrEqual(60_000);
  });
});
