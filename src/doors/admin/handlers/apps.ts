import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import type { AppRow, Take, Version } from "../../../store/catalog/catalog.ts";
import { tooMuchEnvironment } from "../../../store/catalog/environment-limit.ts";
import type { Manifest } from "../../../store/catalog/manifest.ts";
import * as routes from "../routes.ts";
import { readUpload } from "../upload.ts";
import type { Parts } from "../parts.ts";

export function addApps(api: OpenAPIHono, { catalog, appliances, logs, platform }: Parts): void {
  api.openapi(routes.listApps, (context) => {
    const { after, limit } = context.req.valid("query");
    const apps = catalog.page(after, limit + 1);
    const next = apps.length > limit ? apps[limit - 1]!.app : null;
    return context.json({ apps: apps.slice(0, limit).map(withProblem), next }, 200);
  });

  api.openapi(routes.getApp, (context) => {
    const { app } = context.req.valid("param");
    const found = catalog.app(app);
    if (!found) throw new MayflyError("no-such-app", { app });
    return context.json(withProblem(found), 200);
  });

  api.openapi(routes.explain, (context) => {
    const { app } = context.req.valid("param");
    if (!catalog.live(app)) throw new MayflyError("no-such-app", { app });
    const { decisions, ...rest } = platform.explain(app);
    const oldest = Math.max(0, decisions.length - context.req.valid("query").limit);
    return context.json({ ...rest, decisions: decisions.slice(oldest) }, 200);
  });

  api.openapi(routes.deploy, async (context) => {
    const { manifest, bundles } = await readUpload(context.req.valid("param").app, context.req.valid("form"));
    check(manifest);
    refuseTooMuchEnvironment(manifest);
    await platform.prepare(manifest);
    refuseTooMuchEnvironment(manifest);
    const version = both(manifest.name, (take) => catalog.deploy(manifest, bundles, take));
    return context.json(version, 201);
  });

  api.openapi(routes.pointTo, (context) => {
    const { app } = context.req.valid("param");
    const version = both(app, (take) => catalog.pointTo(app, context.req.valid("json").version, take));
    return context.json(version, 200);
  });

  api.openapi(routes.removeApp, async (context) => {
    const { app } = context.req.valid("param");
    catalog.remove(app);
    await Promise.all([platform.removed(app), logs.remove(app)]);
    // What was said of it meanwhile, by the ledger for example: unless the name is somebody else's by now.
    if (!catalog.live(app) && !appliances.has(app)) await logs.remove(app);
    return context.body(null, 204);
  });

  /** Asked again in the very turn in which the version is stored: what was free before may be somebody's by then. */
  function check(manifest: Manifest): void {
    if (appliances.has(manifest.name)) throw new MayflyError("name-taken", { name: manifest.name, owner: "an appliance" });
    platform.check(manifest);
  }

  /** Stored and served from the same moment: where the platform cannot take a version or the catalog cannot store it, all is as before. */
  function both(app: string, store: (take: Take) => Version): Version {
    let taken = false;
    try {
      return store((version) => {
        check(version.manifest);
        taken = true;
        platform.deployed(version);
      });
    } catch (error) {
      if (taken) platform.restored(app, catalog.live(app));
      throw error;
    }
  }

  /** With the secrets that are set already, whose sizes the manifest does not tell. */
  function refuseTooMuchEnvironment(manifest: Manifest): void {
    const set = new Set(catalog.secretNames(manifest.name));
    const secrets = catalog.secrets(
      manifest.name,
      manifest.secrets.filter((name) => set.has(name)),
    );
    const what = tooMuchEnvironment(manifest, secrets);
    if (what !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what });
  }

  function withProblem(row: AppRow): AppRow {
    return { ...row, problem: row.problem ?? platform.problemOf(row.app) };
  }
}
