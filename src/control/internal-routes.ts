/** Which functions of an app its own machines may call, and how. */
import { MayflyError } from "../base/errors/error.ts";
import { LIVE, type Names, type Revision } from "../store/catalog/catalog.ts";
import { keepsApart } from "../store/catalog/isolation.ts";
import { nameOfId } from "./names.ts";
import type { Reached } from "./served-apps.ts";

export interface InternalRoute {
  appName: string;
  branch: string | undefined;
  /** Whether its calls are kept apart by tenant ids. */
  isolated: boolean;
  timeoutMs: number;
  bodyLimitBytes: number;
}

export interface InternalRoutes {
  /** In the order of the manifest; empty if the revision is gone. */
  functionsOf(app: string, revision: string): readonly string[];
  /** Throws "no-such-function", "no-such-version" if the revision is gone, and "no-such-app" if the app cannot be served. */
  route(app: string, revision: string, name: string): InternalRoute;
  /** For errors. */
  appName(app: string): string;
}

/** How many revisions' functions are remembered, because machines ask for each connection. */
const REMEMBERED = 1_000;

export function createInternalRoutes(parts: {
  names: Pick<Names, "nameOf">;
  revision: (app: string, id: string) => Revision | undefined;
  /** Of an app whose functions are deployed one by one, the revision that gets its calls. */
  wholeOf: (app: string) => Revision | undefined;
  reach: (app: string, revision: string) => Reached | undefined;
}): InternalRoutes {
  const remembered = new Map<string, readonly string[]>();
  return {
    appName: (app) => nameOfId(parts.names, app),
    functionsOf(app, revision) {
      // Of functions that are deployed one by one, each calls the others as they are now.
      const whole = parts.wholeOf(app);
      if (whole !== undefined) return Object.keys(whole.manifest.functions);
      const known = remembered.get(revision);
      if (known !== undefined) return known;
      const functions = Object.keys(parts.revision(app, revision)?.manifest.functions ?? {});
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(revision, functions);
      return functions;
    },
    route(app, revision, name) {
      const appName = nameOfId(parts.names, app);
      // The machine may go on for a while after its revision was removed, or its app.
      if (parts.revision(app, revision) === undefined) throw new MayflyError("no-such-version", { app: appName, version: revision });
      const reached = parts.reach(app, parts.wholeOf(app) === undefined ? revision : LIVE);
      if (reached === undefined) throw new MayflyError("no-such-app", { app: appName });
      const { manifest } = reached.revision;
      const own = manifest.functions[name];
      if (own === undefined) throw new MayflyError("no-such-function", { app: appName, function: name });
      const { timeoutMs = manifest.timeoutMs } = own;
      const isolated = keepsApart(manifest, name);
      return { appName, branch: reached.branch, isolated, timeoutMs, bodyLimitBytes: manifest.bodyLimitBytes };
    },
  };
}
