/**
 * Opens what a server keeps in its state folder: the catalog, then the ledger with the accounts over it, and the logs. In between, the
 * appliances' definitions are opened: see openStores().
 */
import { join } from "node:path";
import type { FilesForm } from "../base/kind/files-form.ts";
import type { ServerStart } from "../base/config/server-start.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { LogLevel } from "../wire/protocol.ts";
import type { Audit } from "./audit/audit.ts";
import { openAudit } from "./audit/open-audit.ts";
import { certificateMaker, requestMaker } from "./authority/make-certificate.ts";
import { type Authority, openAuthority } from "./authority/open-authority.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Invocations } from "./invocations/kept-invocations.ts";
import { openInvocations } from "./invocations/open-invocations.ts";
import { openHistory, type OpenedHistory } from "./history/open-history.ts";
import { openSeal } from "./catalog/seal.ts";
import { openCatalog } from "./catalog/sqlite.ts";
import { createAccounts, type OpenAccounts } from "./ledger/create-accounts.ts";
import type { LambdaStore } from "./lambda/lambda-store.ts";
import { openLambdaStore } from "./lambda/open-lambda-store.ts";
import { writeLimitLines } from "./ledger/limit-lines.ts";
import { createLedger } from "./ledger/create-ledger.ts";
import type { TenantQuota } from "./logs/log-quota.ts";
import type { Logs } from "./logs/logs.ts";
import { openLogs } from "./logs/open-logs.ts";
import { openPrincipals } from "./principals/open-principals.ts";
import type { Principals } from "./principals/principal.ts";
import { openReserve, type Reserve } from "./state-folder/reserve.ts";

export interface Stores {
  catalog: Catalog;
  accounts: OpenAccounts;
  invocations: Invocations;
  history: OpenedHistory;
  logs: Logs;
  /** Writes a line of the platform to an app's log. @param app its id @param at milliseconds since the epoch; now where it is missing */
  note: (app: string, text: string, at?: number) => void;
  /** Writes the line to the server's log, too, as a warning. */
  tell: (app: string, text: string) => void;
}

export interface CatalogNeeds {
  /** The form in which machines of this server read large files; asked for at each upload. */
  filesForm: () => FilesForm | undefined;
  /** Bytes of code that are stored besides the catalog's. @param tenant null: those of all */
  codeBesides: (tenant: string | null) => number;
  /** Asked if the file of the key is missing: whether it has sealed more than what the catalog holds. */
  isKeyUsedBesides: () => boolean;
  /** Whether the state folder goes with the server, so that nothing has to survive a power cut. */
  isEphemeral: boolean;
}

/** Invocations of an app for each reason to keep one. */
const KEPT_PER_APP = 300;

/** The state folder must be locked. */
export function openCatalogOf(
  { config, clock, log, closing }: ServerStart,
  { filesForm, codeBesides, isEphemeral, isKeyUsedBesides }: CatalogNeeds,
): Catalog {
  const { stateDir, revisionsKept, maxAppCodeMb, maxCodeMb } = config;
  const catalog = openCatalog(join(stateDir, "catalog.db"), join(stateDir, "secrets.key"), {
    clock,
    revisionsKept,
    filesForm: () => filesForm() ?? "image",
    quota: { perApp: maxAppCodeMb * 2 ** 20, inAll: maxCodeMb * 2 ** 20, besides: codeBesides },
    reserve: reserveOf(stateDir),
    isKeyUsedBesides,
    durability: isEphemeral ? "normal" : "full",
    onFailure: (error) => log.error({ err: error }, "what was removed is not given back to the disk"),
  });
  closing.defer(() => catalog.close());
  return catalog;
}

/** All stores give up one file. */
function reserveOf(stateDir: string): Reserve {
  return openReserve(join(stateDir, "reserve"), stateDir);
}

/** The state folder must be locked. */
export function openLambdaStoreOf({ config, closing }: ServerStart): LambdaStore {
  const store = openLambdaStore(join(config.stateDir, "lambda.db"), reserveOf(config.stateDir));
  closing.defer(() => store.close());
  return store;
}

export function openAuthorityOf({ config, clock }: ServerStart): Authority {
  return openAuthority({ file: join(config.stateDir, "authority.pem"), make: certificateMaker(config.cacheDir), clock });
}

/** Makes a key and the request for a certificate for a name. */
export function requestMakerOf({ config }: Pick<ServerStart, "config">): ReturnType<typeof requestMaker> {
  return requestMaker(config.cacheDir);
}

/** The catalog must be open, because it makes the key of the secrets if there is none. @param operatorToken the token of the first start */
export function openPrincipalsOf({ config, clock, log, closing }: ServerStart, operatorToken: string): Principals {
  const principals = openPrincipals(join(config.stateDir, "principals.db"), {
    seal: openSeal(join(config.stateDir, "secrets.key"), false),
    operatorToken,
    clock,
    reserve: reserveOf(config.stateDir),
    onFailure: (error) => log.error({ err: error }, "tokens and keys: something was not stored, or cannot be read"),
  });
  closing.defer(() => principals.close());
  return principals;
}

export function openAuditOf({ config, clock, log, closing }: ServerStart): Audit {
  const audit = openAudit(join(config.stateDir, "audit"), {
    clock,
    bytes: config.maxAuditMb * 2 ** 20,
    onFailure: (error) => log.error({ err: error }, "the audit log was not written"),
  });
  closing.defer(() => audit.close());
  return audit;
}

/**
 * If an older Mayfly wrote the state folder, its ledger and logs go by names, and are taken over here. Each name must have its holder by
 * then: a name that nobody has claimed is taken for an app's.
 */
export function openStores({ config, clock, log, closing }: ServerStart, catalog: Catalog, events: EventStream): Stores {
  const inState = (name: string) => join(config.stateDir, name);
  const { names } = catalog;
  const nameOf = (app: string) => names.nameOf(app)?.name ?? app;
  const idOf = (name: string) => names.known(mainTenant, name) ?? names.appId(mainTenant, name);
  const ledger = createLedger(inState("ledger.db"), {
    idOf,
    clock,
    onFailure: (error) => log.error({ err: error }, "the ledger was not written"),
  });
  closing.defer(() => ledger.close());
  const logs = openLogs(inState("logs"), {
    idOf,
    clock,
    totalBytes: config.maxLogMb * 2 ** 20,
    ofTenants: () => logQuotaOf(catalog.tenants),
    onFailure: (app, error) => log.error({ err: error, app: nameOf(app) }, "a log failed"),
  });
  closing.defer(() => logs.close());
  const note = (app: string, text: string, at = clock.wall()) => logs.append({ at, app, level: LogLevel.Platform, text });
  const tell = (app: string, text: string) => {
    log.warn({ app: nameOf(app) }, text);
    note(app, text);
  };
  writeLimitLines(events, tell);
  const history = openHistory(inState("history.db"), {
    events,
    clock,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    onFailure: (error) => log.warn({ err: error }, "what the dashboard plots is not kept"),
  });
  closing.defer(() => history.close());
  const invocations = openInvocations(inState("invocations.db"), {
    ...config.invocations,
    perApp: KEPT_PER_APP,
    events,
    clock,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    onFailure: (error) => log.warn({ err: error }, "what calls were like is not kept"),
  });
  closing.defer(() => invocations.close());
  const accounts = createAccounts({
    onUse: (entry) => history.used(entry),
    ledger,
    prices: config.prices,
    clock,
    events,
    tenants: catalog.tenants,
    tellTenant: (tenant, month, { limit, used, most, state }) =>
      log.warn(
        { tenant: names.tenantName(tenant), limit, month, used, most },
        `a tenant has ${state === "reached" ? "reached" : "nearly reached"} a limit`,
      ),
  });
  closing.defer(() => accounts.close());
  return { catalog, accounts, history, invocations, logs, note, tell };
}

function logQuotaOf(tenants: Catalog["tenants"]): TenantQuota | undefined {
  const limits = tenants.allLimits();
  if (![...limits.values()].some(({ logMb }) => logMb !== null)) return undefined;
  return (app) => {
    const tenant = tenants.tenantOf(app) ?? "";
    return { tenant, most: (limits.get(tenant)?.logMb ?? Infinity) * 2 ** 20 };
  };
}
