/** Which buckets a machine reaches: those that its revision's bindings name, of its own app, and as `<app>.<bucket>` those that an app of its tenant shares with it at the moment of asking. */
import type { Shares } from "../../control/shares.ts";
import { askedBucket } from "../../store/catalog/binding-schema.ts";
import type { Share } from "../../store/catalog/share-schema.ts";
import type { ServiceCaller } from "../internal/service-door.ts";

export interface BoundBuckets {
  /** All names with which the machine may ask. What is not shared is among them. */
  names: readonly string[];
  /** Undefined: the machine reaches no bucket of that name now. */
  find(name: string): BoundBucket | undefined;
}

export interface BoundBucket {
  /** The id of the app that it belongs to. */
  app: string;
  /** As that app knows it. */
  name: string;
  /** Undefined: it is the app's own, which may do everything with it. */
  shared: Share["access"] | undefined;
}

export function boundBuckets(
  shares: Pick<Shares, "bucket">,
  { tenant, app, appName, bindings }: Pick<ServiceCaller, "tenant" | "app" | "appName" | "bindings">,
): BoundBuckets {
  const bound = new Map(Object.values(bindings).flatMap((binding) => ("bucket" in binding ? [[askedBucket(binding), binding]] : [])));
  return {
    names: [...bound.keys()],
    find(name) {
      const binding = bound.get(name);
      if (binding === undefined) return undefined;
      const { bucket, of: owner } = binding;
      if (owner === undefined) return { app, name: bucket, shared: undefined };
      const shared = shares.bucket(tenant, owner, bucket, appName);
      return shared && { app: shared.app, name: bucket, shared: shared.access };
    },
  };
}
