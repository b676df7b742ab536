import type { ServerStart } from "../../base/config/server-start.ts";
import type { CalleeParts } from "../../control/event-callees.ts";
import type { Durable } from "../../control/open-durable.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { Hooks } from "./hooks.ts";

interface HooksNeeds {
  catalog: Pick<Catalog, "names">;
  callees: CalleeParts;
  durable: Pick<Durable, "triggers" | "secret">;
}

export function openHooks({ config, clock }: Pick<ServerStart, "config" | "clock">, { catalog, callees, durable }: HooksNeeds): Hooks {
  const { triggers, secret } = durable;
  return new Hooks({ names: catalog.names, callees, triggers, secret, payloadBytes: config.events.payloadBytes, now: () => clock.wall() });
}
