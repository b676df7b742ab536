import type { ServerStart } from "../../base/config/server-start.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { CalleeParts } from "../../control/event-callees.ts";
import type { Durable } from "../../control/open-durable.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { Hooks } from "./hooks.ts";

interface HooksNeeds {
  catalog: Pick<Catalog, "names">;
  callees: CalleeParts;
  durable: Pick<Durable, "triggers" | "secret">;
  wrong: WrongCredentials;
}

export function openHooks(
  { config, clock }: Pick<ServerStart, "config" | "clock">,
  { catalog, callees, durable, wrong }: HooksNeeds,
): Hooks {
  const { triggers, secret } = durable;
  const { payloadBytes } = config.events;
  return new Hooks({ names: catalog.names, callees, triggers, secret, wrong, payloadBytes, now: () => clock.wall() });
}
