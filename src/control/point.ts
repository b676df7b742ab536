import type { Catalog, Version } from "../store/catalog/catalog.ts";
import { type StoreParts, storeAndServe } from "./store-and-serve.ts";

export interface PointParts extends StoreParts {
  catalog: Pick<Catalog, "live" | "pointTo">;
}

/** Sends the app's calls to a version that is kept. Throws "no-such-version", and what Serving.check() throws. */
export function point(parts: PointParts, app: string, version: string): Version {
  return storeAndServe(parts, app, (take) => parts.catalog.pointTo(app, version, take));
}
