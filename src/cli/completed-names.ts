/** Names that shells complete: those that the server knows of. */
import type { Client } from "../doors/admin/client.ts";

/** `target`: an app with one of its functions. `app-or-target`: an app, or that. `function`: those of all apps, or of one. */
export const nameKinds = ["app", "target", "app-or-target", "function", "queue", "bucket"] as const;
export type NameKind = (typeof nameKinds)[number];

const MOST = 1_000;
/** Nothing in them means anything to a shell. The server's names are like that; what answers in its place may say anything. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}$/;

/** @param app whose functions are meant */
export async function namesOf(
  client: Pick<Client, "apps" | "app" | "queues" | "buckets">,
  kind: NameKind,
  app?: string,
): Promise<string[]> {
  const names = await all(client, kind, app);
  return [...new Set(names)].filter((name) => PLAIN.test(name)).slice(0, MOST);
}

async function all(client: Pick<Client, "apps" | "app" | "queues" | "buckets">, kind: NameKind, of: string | undefined): Promise<string[]> {
  if (kind === "queue") return (await client.queues({ limit: 200 })).map(({ name }) => name);
  if (kind === "bucket") return (await client.buckets({ limit: 200 })).map(({ name }) => name);
  const apps = of === undefined ? await client.apps() : [await client.app(of)];
  if (kind === "app") return apps.map(({ app }) => app);
  return apps.flatMap(({ app, live }) => {
    const functions = Object.keys(live?.manifest.functions ?? {});
    if (kind === "function") return functions;
    const targets = functions.map((name) => `${app}/${name}`);
    return kind === "target" ? targets : [app].concat(targets);
  });
}
