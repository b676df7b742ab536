/** Durable executions of an app: what users do with them, whom they are runs to. */
import { MayflyError } from "../base/errors/error.ts";
import type { Executions } from "../durable/executions.ts";
import type { ErrorObject, ExecutionStatus } from "../durable/operation.ts";
import type { DetailedExecution, HistoryPage, ShownExecution } from "../durable/store/look.ts";
import type { CallbackMessage } from "../durable/machine/by-itself.ts";
import { whyOpen } from "../durable/why-open.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";

export interface RunParts {
  names: Pick<Names, "holder">;
  runs: Executions;
}

/** Where an execution is, by names. */
export interface RunName {
  /** An id. */
  tenant: string;
  app: string;
  /** Its id; or its name, if only one function of the app has one of that name. */
  run: string;
}

export interface RunQuery {
  function?: string | undefined;
  status?: ExecutionStatus | undefined;
  most: number;
  /** Of the page before: its `next`. */
  after?: number | undefined;
}

/** The newest first. Rejects with "no-such-app". */
export async function listRuns(
  { names, runs }: RunParts,
  tenant: string,
  app: string,
  { status, function: name, ...query }: RunQuery,
): Promise<{ executions: ShownExecution[]; next: number | null }> {
  return runs.list({
    ...query,
    app: appIdOf(names, tenant, app),
    isNewestFirst: true,
    ...(status !== undefined && { statuses: [status] }),
    // Executions are kept by the names that the Lambda API has for functions: the only function of an app has the app's own.
    ...(name !== undefined && { functions: [`${app}${SEPARATOR}${name}`, app] }),
  });
}

const SEPARATOR = "--";

/** A function as the app calls it. */
export function functionOfRun(app: string, { function: name }: Pick<ShownExecution, "function">): string {
  return name.startsWith(`${app}${SEPARATOR}`) ? name.slice(app.length + SEPARATOR.length) : name;
}

/** Rejects with "no-such-app" and "no-such-execution", as the functions below do. */
export async function showRun(parts: RunParts, name: RunName): Promise<DetailedExecution> {
  return there(await parts.runs.get(await idOf(parts, name)), name);
}

export async function historyOfRun(parts: RunParts, name: RunName, page: { after: number | null; most: number }): Promise<HistoryPage> {
  return there(await parts.runs.history(await idOf(parts, name), { ...page, isReverse: false }), name);
}

/** Resolves when that is on the disk. One that has ended stays as it is. */
export async function stopRun(parts: RunParts, name: RunName, error: ErrorObject | undefined): Promise<void> {
  there(await parts.runs.stop(await idOf(parts, name), error), name);
}

/**
 * Completes the callback that the execution waits for, of that name or id if one is given. Resolves when that is on the disk. Rejects with "no-such-callback" if it waits for
 * none, or for several.
 */
export async function answerRun(
  parts: RunParts,
  name: RunName,
  callback: string | undefined,
  message: CallbackMessage,
): Promise<{ callbackId: string; name: string | undefined }> {
  const { waitsFor } = await showRun(parts, name);
  const open = waitsFor.flatMap((each) => (each.callbackId === undefined ? [] : [{ callbackId: each.callbackId, name: each.name }]));
  const found = callback === undefined ? open : open.filter((each) => each.callbackId === callback || each.name === callback);
  const refuse = (what: string) => new MayflyError("no-such-callback", { id: name.run, what });
  if (found.length > 1)
    throw refuse(`waits for several callbacks, ${found.map((each) => each.name ?? each.callbackId).join(", ")}: name one`);
  if (found.length === 0) throw refuse(callback === undefined ? "waits for no callback" : `waits for no callback ${callback}`);
  const done = await parts.runs.callBack(found[0]!.callbackId, message);
  if (done !== "done") throw refuse("does not wait for the callback any more");
  return found[0]!;
}

const MOST_EXPLAINED = 5;

/** Why an app's oldest open executions have not ended, a sentence each. Rejects with "no-such-app". */
export async function explainRuns({ names, runs }: RunParts, tenant: string, app: string): Promise<string[]> {
  const { executions, next } = await runs.list({
    app: appIdOf(names, tenant, app),
    statuses: ["RUNNING"],
    isNewestFirst: false,
    most: MOST_EXPLAINED,
  });
  const found = await Promise.all(executions.map(({ id }) => runs.get(id)));
  const sentences = found.flatMap((each) =>
    each?.status === "RUNNING"
      ? [`The durable execution ${each.name} of ${functionOfRun(app, each)} has not ended: ${whyOpen(each)}.`]
      : [],
  );
  return next === null ? sentences : [...sentences, "More durable executions have not ended."];
}

async function idOf({ names, runs }: RunParts, { tenant, app: appName, run }: RunName): Promise<string> {
  const app = appIdOf(names, tenant, appName);
  if ((await runs.facts(run))?.app === app) return run;
  const { executions } = await runs.list({ app, name: run, isNewestFirst: true, most: 2 });
  if (executions.length > 1)
    throw new MayflyError("bad-request", { what: `several functions of the app have an execution of the name ${run}: give its id` });
  return executions[0]?.id ?? missing(run);
}

function there<T>(found: T | null, { run }: RunName): T {
  return found ?? missing(run);
}

function missing(run: string): never {
  throw new MayflyError("no-such-execution", { id: run });
}
