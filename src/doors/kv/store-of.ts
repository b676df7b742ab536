/** Which store a machine means. It reaches those that its revision's bindings name: of its own app, and as `<app>:<store>` those that an app of its tenant shares with it now. */
import { MayflyError } from "../../base/errors/error.ts";
import type { Shares } from "../../control/shares.ts";
import type { Store } from "../../services/kv/kv.ts";
import { boundAs } from "../../store/catalog/binding-schema.ts";
import type { ServiceCaller } from "../internal/service-door.ts";

/** Throws "no-such-kv" and "kv-not-shared". */
export function storeOf(
  shares: Pick<Shares, "kv">,
  { tenant, app, appName, bindings }: ServiceCaller,
  name: string,
  writes: boolean,
): Store {
  const bound = Object.values(bindings).find((binding) => (boundAs(binding) as { kv?: string }).kv === name);
  if (bound === undefined || !("kv" in bound)) throw new MayflyError("no-such-kv", { app: appName, store: name.slice(0, 100) });
  const { kv: store, of: owner } = bound;
  if (owner === undefined) return { tenant, app, name: store };
  const shared = shares.kv(tenant, owner, store, appName);
  if (shared === undefined || (writes && shared.access !== "write"))
    throw new MayflyError("kv-not-shared", { owner, store, app: appName, how: shared === undefined ? "" : " for writing" });
  return { tenant, app: shared.app, name: store };
}
