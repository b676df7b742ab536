/** Machines that are kept ready for versions: as many as the provisioned concurrency of a version, or of the alias that names it, says. Calls of a version name it by its number. */
import type { LambdaParts } from "./lambda-parts.ts";
import { appOf, pinOf } from "./place.ts";

type Parts = Pick<LambdaParts, "store" | "catalog" | "serving">;

/** Called after each change of what decides that. */
export function applyProvisioned(parts: Parts, tenant: string, name: string): void {
  const { store, catalog, serving } = parts;
  const function_ = store.functions.get(tenant, "", name) ?? { name };
  const app = catalog.names.holder(tenant, appOf(function_));
  if (app?.kind !== "app") return;
  const wanted = new Map<string, number>();
  for (const qualifier of store.provisioned.keys(tenant, name)) {
    const version = versionOf(parts, tenant, name, qualifier);
    wanted.set(version, (wanted.get(version) ?? 0) + store.provisioned.get(tenant, name, qualifier)!.requested);
  }
  for (const { version, revision } of store.versions.all(tenant, name))
    if (revision !== null) serving.provide(app.id, { name: pinOf(function_, version), revision }, wanted.get(String(version)) ?? 0);
}

/** Called once, at the start of the server. */
export function resumeProvisioned(parts: Parts): void {
  for (const { tenant, name } of parts.store.provisioning()) applyProvisioned(parts, tenant, name);
}

/** How many machines of the version, or of the alias's version, are ready. */
export function readyFor(parts: Parts, tenant: string, name: string, qualifier: string): number {
  const function_ = parts.store.functions.get(tenant, "", name) ?? { name };
  const app = parts.catalog.names.holder(tenant, appOf(function_));
  return app?.kind === "app" ? parts.serving.boundTo(app.id, pinOf(function_, versionOf(parts, tenant, name, qualifier))) : 0;
}

function versionOf({ store }: Pick<Parts, "store">, tenant: string, name: string, qualifier: string): string {
  return store.aliases.get(tenant, name, qualifier)?.version ?? qualifier;
}
