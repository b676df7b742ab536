/** An app's folder for a test: write files and packages, then bundle the app and load the bundle. */
import { inMemory } from "./in-memory.ts";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bundle } from "../../store/catalog/catalog.ts";
import { bundleApp } from "../bundle-app.ts";

export class AppFolder {
  readonly dir = mkdtempSync(join(tmpdir(), "mayfly-build-"));

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  /** Writes an app whose only function is main. */
  app(code: string, { entry = "main.ts", dependencies = {} }: { entry?: string; dependencies?: Record<string, string> } = {}): void {
    this.write(entry, code);
    this.write("package.json", { name: "shop", dependencies });
    this.write("mayfly.json", { name: "shop", functions: { main: { entry } } });
  }

  /** Writes an installed package with index.js and `files`. */
  pack(name: string, code: string, files: Record<string, string | object> = {}, more: object = {}): void {
    const all = { "index.js": code, "package.json": { name, version: "1.0.0", ...more }, ...files };
    for (const [file, content] of Object.entries(all)) this.write(`node_modules/${name}/${file}`, content);
  }

  write(file: string, content: string | object): void {
    mkdirSync(dirname(join(this.dir, file)), { recursive: true });
    writeFileSync(join(this.dir, file), typeof content === "string" ? content : JSON.stringify(content));
  }

  async bundle(): Promise<{ bundle: Bundle; warnings: string[] }> {
    const { bundles, warnings } = await bundleApp(this.dir);
    return { bundle: inMemory(bundles)[0]!, warnings };
  }

  /** Evaluates the bundle in a folder far from the sources. Returns what its `handler` returns, and the deploy's warnings. */
  async run(): Promise<{ value: unknown; warnings: string[] }> {
    const { bundle, warnings } = await this.bundle();
    const out = mkdtempSync(join(tmpdir(), "mayfly-out-"));
    const file = join(out, `main.${bundle.format === "esm" ? "mjs" : "cjs"}`);
    writeFileSync(file, bundle.code);
    process.env["LAMBDA_TASK_ROOT"] = "/app";
    const loaded = (await import(pathToFileURL(file).href)) as { handler?: () => unknown; default?: { handler?: () => unknown } };
    const handler = loaded.handler ?? loaded.default?.handler;
    const value = await handler?.();
    rmSync(out, { recursive: true });
    return { value, warnings };
  }
}
