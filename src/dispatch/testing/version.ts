import { type Manifest, manifestSchema } from "../../store/catalog/manifest.ts";
import type { Version } from "../../store/catalog/catalog.ts";

/** A version with one function, `main`. */
export function versionOf(app: string, id = "v1", manifest: Partial<Manifest> = {}): Version {
  const functions = { main: { entry: "main.js" } };
  return { app, id, manifest: manifestSchema.parse({ name: app, functions, ...manifest }), createdAt: 0 };
}
