/**
 * Machines get secrets when they are bound, and keep them. So a changed secret renews the machines of an app whose live revisions give it to their code. What
 * the host adds to requests is read at each of them, and renews nothing.
 */
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { tooMuchEnvironment } from "../store/catalog/environment-limit.ts";
import { neededSecrets, unsendableSecret } from "../store/catalog/injections.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { Serving } from "./serving.ts";
import type { Telling } from "./telling.ts";

export interface SecretParts extends Telling {
  catalog: Pick<Catalog, "names" | "live" | "secretNames" | "secrets" | "setSecret" | "removeSecret">;
  serving: Pick<Serving, "renewed">;
}

/** A secret may be set before the app's first deploy. Throws "disk-full", and "bad-request" if a machine could not be told so much, or the host could not add it to requests. */
export function setSecret(
  { catalog, serving, events, clock }: SecretParts,
  tenant: string,
  name: string,
  secret: string,
  value: string,
): void {
  const app = catalog.names.appId(tenant, name);
  const users = manifestsWith(catalog, app, secret);
  for (const manifest of users) {
    refuseUnsendable(manifest, secret, value);
    refuseTooMuch(catalog, app, manifest, secret, value);
  }
  const holders = users.filter(({ secrets }) => secrets.includes(secret));
  // Calls were refused as long as it could not be had, and have to be told that it can.
  const lacked = !canBeHad(catalog, app, secret);
  catalog.setSecret(app, secret, value);
  events.tell({ type: "secrets-changed", at: clock.wall(), app, secret, set: true });
  if (holders.length > 0 || (lacked && users.length > 0)) serving.renewed(app);
}

/** Removing a secret that is not set changes nothing, but it still renews the app's machines if a live revision names it. */
export function removeSecret({ catalog, serving, events, clock }: SecretParts, tenant: string, name: string, secret: string): void {
  const app = catalog.names.known(tenant, name);
  if (app === undefined) return;
  catalog.removeSecret(app, secret);
  events.tell({ type: "secrets-changed", at: clock.wall(), app, secret, set: false });
  if (manifestsWith(catalog, app, secret).length > 0) serving.renewed(app);
}

export function secretNames({ catalog }: Pick<SecretParts, "catalog">, tenant: string, name: string): string[] {
  const app = catalog.names.known(tenant, name);
  return app === undefined ? [] : catalog.secretNames(app);
}

function canBeHad(catalog: SecretParts["catalog"], app: string, secret: string): boolean {
  try {
    catalog.secrets(app, [secret]);
    return true;
  } catch {
    return false;
  }
}

/** The manifests of the live revisions that name the secret. A revision that cannot be read has no machines, so it does not count. */
function manifestsWith(catalog: SecretParts["catalog"], app: string, secret: string): Manifest[] {
  try {
    return catalog
      .live(app)
      .map(({ revision }) => revision.manifest)
      .filter((manifest) => neededSecrets(manifest).includes(secret));
  } catch (error) {
    if (error instanceof MayflyError && (error.code === "bad-manifest" || error.code === "state-damaged")) return [];
    throw error;
  }
}

/** Throws "bad-request" if the host is to add the secret to requests and a header cannot have the value. Without this check, each such request would fail. */
function refuseUnsendable(manifest: Manifest, secret: string, value: string): void {
  const what = unsendableSecret(manifest, { [secret]: value });
  if (what !== undefined) throw new MayflyError("bad-request", { what: `${what}; nothing was set` });
}

/** Throws "bad-request" if the value makes what a machine is told too large. Without this check, each call of the live revision would fail. */
function refuseTooMuch(catalog: SecretParts["catalog"], app: string, manifest: Manifest, secret: string, value: string): void {
  // What the host adds to requests is told to no machine.
  if (!manifest.secrets.includes(secret)) return;
  const set = new Set(catalog.secretNames(app));
  const others = manifest.secrets.filter((each) => each !== secret && set.has(each));
  const what = tooMuchEnvironment(manifest, { ...catalog.secrets(app, others), [secret]: value });
  if (what !== undefined) throw new MayflyError("bad-request", { what: `with this value of ${secret}, ${what}; nothing was set` });
}
