import { MayflyError } from "../base/errors/error.ts";
import type { Bundle, Catalog, Version } from "../store/catalog/catalog.ts";
import { tooMuchEnvironment } from "../store/catalog/environment-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { refuseNameOfAppliance } from "./names.ts";
import type { Serving } from "./serving.ts";
import { type StoreParts, storeAndServe } from "./store-and-serve.ts";

export interface DeployParts extends StoreParts {
  catalog: Pick<Catalog, "live" | "deploy" | "secretNames" | "secrets">;
  serving: Pick<Serving, "check" | "prepare" | "deployed" | "restored">;
}

/** Stores the upload, and sends the app's calls to it. Throws "bad-manifest", "name-taken", "no-room", "disk-full", and what Serving.check() throws. */
export async function deploy(parts: DeployParts, manifest: Manifest, bundles: Bundle[]): Promise<Version> {
  const { catalog, serving } = parts;
  refuseNameOfAppliance(parts, manifest.name);
  serving.check(manifest);
  refuseTooMuchEnvironment(catalog, manifest);
  await serving.prepare(manifest);
  // A secret may have been set meanwhile.
  refuseTooMuchEnvironment(catalog, manifest);
  return storeAndServe(parts, manifest.name, (take) => catalog.deploy(manifest, bundles, take));
}

/** Counts the secrets that are set already, whose sizes the manifest does not tell. */
function refuseTooMuchEnvironment(catalog: Pick<Catalog, "secretNames" | "secrets">, manifest: Manifest): void {
  const set = new Set(catalog.secretNames(manifest.name));
  const secrets = catalog.secrets(
    manifest.name,
    manifest.secrets.filter((name) => set.has(name)),
  );
  const what = tooMuchEnvironment(manifest, secrets);
  if (what !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what });
}
