/**
 * Deploys functions as their records say, beside the calls that changed the records: a machine of a new kind may take minutes to prepare, and clients wait by
 * asking for the function's state.
 *
 * 1. A function is deployed by one at a time. The API refuses changes until its record says that the last one has ended.
 * 2. A record that says that a change is under way is either in `underWay`, or the server was killed: then resume() begins again.
 */
import { asMayflyError } from "../../base/errors/error.ts";
import { UnreadableZip } from "../../store/lambda/read-zip.ts";
import type { FunctionRecord, Reason } from "../../store/lambda/records.ts";
import { LATEST, versionKey } from "../../store/lambda/lambda-store.ts";
import type { Placement } from "../../store/catalog/catalog.ts";
import { deploy } from "../deploy.ts";
import { point } from "../point.ts";
import { appOfFunction } from "./app-of-function.ts";
import type { Deployments, LambdaParts } from "./lambda-parts.ts";
import { leave } from "./leave.ts";
import { newRevisionId } from "./names.ts";
import { aliasIn, appOf } from "./place.ts";
import { applyProvisioned } from "./provisioning.ts";
import { TenantTurns } from "../tenant-turns.ts";

/** How many are deployed at the same time, so that a hundred functions that are created at once do not unpack a hundred zip files at once. Of those that wait, one of the tenant comes next that has fewest under way. */
const AT_ONCE = 4;

type Parts = Omit<LambdaParts, "deployments"> & { onFailure: (error: unknown) => void };

export interface OpenDeployments extends Deployments {
  /** Begins again what a killed server had begun. Called once. */
  resume(): void;
  /** Resolves when none is under way; begins no other. */
  close(): Promise<void>;
}

export function createDeployments(parts: Parts): OpenDeployments {
  const underWay = new Map<string, Promise<void>>();
  const turns = new TenantTurns(AT_ONCE);
  let isClosed = false;

  function begin(tenant: string, name: string): void {
    if (isClosed) return;
    const key = `${tenant} ${name}`;
    const before = underWay.get(key) ?? Promise.resolve();
    const mine = before
      .then(() => turns.take(tenant, async () => (isClosed ? undefined : deployRecord(parts, tenant, name))))
      .catch(parts.onFailure)
      .finally(() => underWay.get(key) === mine && underWay.delete(key));
    underWay.set(key, mine);
  }

  return {
    begin,
    ended: async (tenant, name) => underWay.get(`${tenant} ${name}`),
    resume() {
      for (const { tenant, name } of parts.store.unfinished()) begin(tenant, name);
    },
    async close() {
      isClosed = true;
      turns.open();
      await Promise.all(underWay.values());
    },
  };
}

async function deployRecord(parts: Parts, tenant: string, name: string): Promise<void> {
  const record = parts.store.functions.get(tenant, "", name);
  if (record === undefined) return;
  try {
    const isOneOfSeveral = record.app !== undefined;
    const app = await appOfFunction(parts, tenant, record, isOneOfSeveral ? undefined : parts.catalog.app(tenant, name)?.live?.manifest);
    try {
      const placement: Placement = { kind: isOneOfSeveral ? "member" : "live" };
      const { revision, member = revision } = await deploy(parts, tenant, app.manifest, app.bundles, app.large, placement);
      if (!finish(parts, tenant, name, (latest) => succeeded(parts, tenant, latest, member.id)))
        await undo(parts, tenant, record, member.id);
    } finally {
      await app.large?.discard();
    }
  } catch (error) {
    const reason = reasonOf(error);
    if (asMayflyError(error).entry.side === "system" && !(error instanceof UnreadableZip)) parts.onFailure(error);
    finish(parts, tenant, name, (latest) => failed(parts, tenant, latest, reason));
  }
}

/** Returns false if the function's app was removed while it was deployed. Its record may have other tags by now. */
function finish({ store }: Parts, tenant: string, name: string, change: (record: FunctionRecord) => FunctionRecord): boolean {
  const record = store.functions.get(tenant, "", name);
  if (record !== undefined) store.functions.put(tenant, "", name, change(record));
  return record !== undefined;
}

/** What was removed must not come back by a deploy that had begun before. */
async function undo(parts: Parts, tenant: string, record: FunctionRecord, revision: string): Promise<void> {
  const app = appOf(record);
  const live = parts.catalog.app(tenant, app)?.live;
  if (live?.id === revision || live?.members?.get(record.name) === revision) await leave(parts, { tenant, function: record.name, app });
}

function succeeded(parts: Parts, tenant: string, record: FunctionRecord, revision: string): FunctionRecord {
  const { name, publishing } = record;
  if (publishing !== null) {
    const key = versionKey(publishing);
    const version = parts.store.versions.get(tenant, name, key);
    if (version !== undefined) {
      // As long as the version's alias names the revision, it stays.
      point(parts, tenant, appOf(record), aliasIn(record, String(publishing))!, [{ revision, weight: 1 }]);
      // A version's own id changes when it becomes active together with a new function.
      const revisionId = record.update === null ? newRevisionId() : version.revisionId;
      parts.store.versions.put(tenant, name, key, { ...version, state: "Active", reason: undefined, revision, revisionId });
      applyProvisioned(parts, tenant, name);
    }
  }
  // Aliases of the newest code follow it.
  for (const { name: qualifier, version } of parts.store.aliases.all(tenant, name)) {
    const alias = aliasIn(record, qualifier);
    if (version === LATEST && alias !== undefined) point(parts, tenant, appOf(record), alias, [{ revision, weight: 1 }]);
  }
  return {
    ...record,
    state: "Active",
    reason: undefined,
    update: "Successful",
    updateReason: undefined,
    revision,
    revisionId: newRevisionId(),
    publishing: null,
  };
}

function failed({ store }: Parts, tenant: string, record: FunctionRecord, reason: Reason): FunctionRecord {
  const { name, publishing } = record;
  if (publishing !== null) {
    const key = versionKey(publishing);
    const version = store.versions.get(tenant, name, key);
    if (version !== undefined) store.versions.put(tenant, name, key, { ...version, state: "Failed", reason });
  }
  const next = { ...record, publishing: null, revisionId: newRevisionId() };
  if (record.update === null) return { ...next, state: "Failed", reason };
  return { ...next, update: "Failed", updateReason: reason };
}

function reasonOf(error: unknown): Reason {
  if (error instanceof UnreadableZip) return { code: "InvalidZipFileException", text: error.message };
  const { entry, message } = asMayflyError(error);
  return { code: entry.side === "caller" ? "InvalidConfiguration" : "InternalError", text: message };
}
