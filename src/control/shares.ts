/** What apps share with other apps of their tenant. The live revision of the owner says it, so that it counts from a deploy on, and ends with one. */
import type { Names } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { Share } from "../store/catalog/share-schema.ts";

export interface Shares {
  /** A key-value store of another app. @param owner, app names @returns undefined if it is not shared */
  kv(tenant: string, owner: string, store: string, app: string): Shared | undefined;
  /** A bucket of another app, as kv(). */
  bucket(tenant: string, owner: string, bucket: string, app: string): Shared | undefined;
}

interface Shared {
  /** The owner's id. */
  app: string;
  access: Share["access"];
}

export function createShares(parts: {
  names: Pick<Names, "holder">;
  /** Of the live revision; undefined if the app cannot be served. */
  manifestOf: (app: string) => Pick<Manifest, "shares"> | undefined;
}): Shares {
  function shared(tenant: string, owner: string, app: string, isIt: (share: Share) => boolean): Shared | undefined {
    const holder = parts.names.holder(tenant, owner);
    if (holder?.kind !== "app") return undefined;
    const given = parts.manifestOf(holder.id)?.shares?.filter((share) => share.with === app && isIt(share)) ?? [];
    if (given.length === 0) return undefined;
    return { app: holder.id, access: given.some(({ access }) => access === "write") ? "write" : "read" };
  }

  return {
    kv: (tenant, owner, store, app) => shared(tenant, owner, app, (share) => "kv" in share && share.kv === store),
    bucket: (tenant, owner, bucket, app) => shared(tenant, owner, app, (share) => "bucket" in share && share.bucket === bucket),
  };
}
