/** Opens what is on the disk: the state folder is locked, then the catalog, the ledger, the logs and who may do what are opened. */
import { join } from "node:path";
import { openDefinitionsOf } from "../appliances/open-on-server.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import { ensureToken } from "../doors/admin/token.ts";
import { isSealedByServer } from "../services/objects/sealed-by-server.ts";
import { type CatalogNeeds, openAuditOf, openCatalogOf, openLambdaStoreOf, openPrincipalsOf, openStores } from "../store/open-stores.ts";
import { lockFolders } from "../store/state-folder/lock-folders.ts";
import { type Supervision, tellLostCalls } from "../supervisor/supervision.ts";
import type { EventStream } from "../telemetry/event-stream.ts";

export type State = ReturnType<typeof openState>;

export interface StateNeeds extends Pick<CatalogNeeds, "filesForm" | "isEphemeral"> {
  events: EventStream;
  supervision: Supervision | undefined;
}

export function openState(start: ServerStart, { events, supervision, filesForm, isEphemeral }: StateNeeds) {
  const lock = lockFolders(start, supervision?.pid, () => supervision?.locked());
  const catalog = openCatalogOf(start, {
    filesForm,
    isEphemeral,
    codeBesides: (tenant) => lambdaStore.zipBytes(tenant),
    isKeyUsedBesides: () => isSealedByServer(start.config.stateDir),
  });
  // Appliances have their names before an older Mayfly's ledger and logs are taken over by names.
  const definitions = openDefinitionsOf(start, catalog.names);
  const stores = openStores(start, catalog, events);
  const { accounts, logs, history, invocations } = stores;
  const token = ensureToken(join(start.config.stateDir, "api-token"));
  const principals = openPrincipalsOf(start, token);
  const audit = openAuditOf(start);
  const lambdaStore = openLambdaStoreOf(start);
  tellLostCalls(supervision?.lost ?? [], stores);
  return { lock, catalog, definitions, stores, accounts, logs, history, invocations, token, principals, audit, lambdaStore };
}
