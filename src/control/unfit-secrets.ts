import type { Catalog } from "../store/catalog/catalog.ts";
import { tooMuchEnvironment } from "../store/catalog/environment-limit.ts";
import { neededSecrets, unsendableSecret } from "../store/catalog/injections.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

/**
 * Why calls of a revision would fail with the secrets that are set, as a clause without their values; undefined if they would not. Either env, functions and
 * secrets are too large together for what a machine is told, or the host is to add a secret to requests that a header cannot have. The manifest alone does
 * not tell, and a secret is compared only with revisions that are live when it is set. @param app its id
 */
export function unfitSecrets(catalog: Pick<Catalog, "secretNames" | "secrets">, app: string, manifest: Manifest): string | undefined {
  const set = new Set(catalog.secretNames(app));
  const secrets = catalog.secrets(
    app,
    neededSecrets(manifest).filter((name) => set.has(name)),
  );
  // What the host adds to requests is told to no machine.
  const told = Object.fromEntries(Object.entries(secrets).filter(([name]) => manifest.secrets.includes(name)));
  return tooMuchEnvironment(manifest, told) ?? unsendableSecret(manifest, secrets);
}
