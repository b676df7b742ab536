import { type Manifest, manifestSchema } from "../../store/catalog/manifest.ts";
import type { LiveDispatcher } from "../live-dispatcher.ts";
import type { Version } from "../../store/catalog/catalog.ts";

/**
 * A revision with one function, `main`. @param id follows the app's in the revision's id; by default the revision's id is the app's,
 * because most tests give each app one revision. A number at the end of `id` is the revision's
 */
export function versionOf(app: string, id = app, manifest: Partial<Manifest> = {}): Version {
  const functions = { main: { entry: "main.js" } };
  const number = Number(/\d+$/.exec(id)?.[0] ?? 1);
  return {
    app,
    id: id === app ? id : `${app}-${id}`,
    number,
    manifest: manifestSchema.parse({ name: app, functions, ...manifest }),
    createdAt: 0,
  };
}

/** Sends all calls of the revision's app to it from now on. */
export function serve(dispatcher: Pick<LiveDispatcher, "point">, revision: Version): void {
  dispatcher.point(revision.app, [{ revision, weight: 1 }]);
}
