import { remove } from "../remove.ts";
import { withdraw } from "../withdraw.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { mayflyErrorIn } from "./mayfly-error-in.ts";
import { aliasIn } from "./place.ts";

interface Leaving {
  tenant: string;
  function: string;
  /** The name of its app. */
  app: string;
}

/** Takes the code of a function that was removed out of its app; the app goes with its last function. */
export async function leave(parts: Omit<LambdaParts, "deployments">, { tenant, function: name, app }: Leaving): Promise<void> {
  const { catalog } = parts;
  const row = catalog.app(tenant, app);
  if (row === undefined) return;
  const members = row.live?.members;
  if (members === undefined) return app === name ? removed(parts, tenant, app) : undefined;
  if (!members.has(name)) return;
  if (members.size === 1) return removed(parts, tenant, app);
  const versions = row.aliases.map((alias) => alias.name).filter((alias) => isVersionOf(name, alias));
  withdraw(parts, { tenant, app, function: name, aliases: versions });
}

function removed(parts: Omit<LambdaParts, "deployments">, tenant: string, app: string): Promise<void> {
  return remove(parts, tenant, app).catch(mayflyErrorIn(["no-such-app"]));
}

function isVersionOf(name: string, alias: string): boolean {
  const version = /-(\d+)$/.exec(alias)?.[1];
  return version !== undefined && aliasIn({ name, app: "" }, version) === alias;
}
