import { posix } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { isProgramRuntime } from "../base/kind/machine-kind.ts";
import { readFileList } from "../store/catalog/app-files.ts";
import { type Bundle, type Catalog, type Deployed, FILES_FORMAT, type Placement, type Revision } from "../store/catalog/catalog.ts";
import type { LargeDraft } from "../store/large-files/large-files.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { formatsOf } from "../store/catalog/parts.ts";
import { runtimeOf } from "../store/catalog/runtime-of.ts";
import { refuseNameOfAppliance } from "./names.ts";
import { refuseOtherCapitals } from "./point.ts";
import { serveWhenStored } from "./serve-when-stored.ts";
import type { Serving } from "./serving.ts";
import type { Telling } from "./telling.ts";
import { unfitSecrets } from "./unfit-secrets.ts";

export interface DeployParts extends Telling {
  catalog: Pick<Catalog, "names" | "app" | "live" | "deploy" | "secretNames" | "secrets">;
  serving: Pick<Serving, "prove" | "check" | "prepare" | "pointed" | "restored" | "branched" | "problemOf">;
}

/**
 * Stores the upload and sends the app's calls to it, or some of them, or names it by an alias. If all of the alias's calls go to the same upload already, nothing
 * changes, and its machines are not renewed.
 * @param large the app's files, if they are no bundle; the caller discards them afterwards
 * Rejects with "bad-request" if the code is not that of the manifest's functions or the files are none, with "code-too-large", "bad-manifest", "name-taken", "no-room",
 * "disk-full", and with what Serving.check() throws.
 */
export async function deploy(
  parts: DeployParts,
  tenant: string,
  manifest: Manifest,
  bundles: Bundle[],
  large?: LargeDraft,
  placement: Placement = { kind: "live" },
): Promise<Deployed> {
  const { catalog, serving } = parts;
  refuseTooLarge(bundles.map(({ code }) => code.byteLength));
  const [functions, files] = [bundles.filter((bundle) => !isFiles(bundle)), bundles.filter(isFiles)];
  refuseOtherFunctions(manifest, functions);
  refuseOtherFormats(manifest, functions);
  refuseNameOfAppliance(catalog.names, tenant, manifest.name);
  if (placement.kind === "alias") refuseOtherCapitals(catalog, tenant, manifest.name, placement.alias);
  // The form has at most one part of files.
  const entries = large?.entries ?? files.flatMap(({ code }) => readFileList(code));
  const paths = entries.map(([path]) => path);
  refuseOtherPrograms(manifest, functions, paths);
  await serving.prove(tenant, manifest);
  serving.check(tenant, manifest, { paths, largeBytes: large?.bytes ?? 0 });
  await serving.prepare(tenant, manifest);
  // Only now, because a secret may have been set while the kind of machine was prepared.
  refuseUnfitSecrets(catalog, tenant, manifest);
  const { take, undo } = serveWhenStored(parts);
  try {
    const deployed = await catalog.deploy(tenant, manifest, bundles, take, large, placement);
    if (deployed.moved) tellDeployed(parts, deployed, placement);
    else serveIfNotServed(parts, deployed.revision);
    return deployed;
  } catch (error) {
    undo();
    throw error;
  }
}

function isFiles({ format }: Bundle): boolean {
  return format === FILES_FORMAT;
}

function tellDeployed({ serving, events, clock }: DeployParts, { revision, before, canary }: Deployed, placement: Placement): void {
  const { app, id, number } = revision;
  const at = clock.wall();
  if (canary !== null) {
    const { old: oldRevision, oldNumber, share } = canary;
    events.tell({ type: "canary-started", at, app, revision: id, number, oldRevision, oldNumber, share });
  } else if (placement.kind === "alias" && before.length > 0) {
    const targets = [{ revision: id, weight: 1 }];
    serving.branched(app);
    events.tell({ type: "alias-pointed", at, app, alias: placement.alias, targets });
  } else events.tell({ type: "app-deployed", at, app, revision: id, number });
}

/** Each function of the manifest must have its code, once, and there may be no other code. */
function refuseOtherFunctions(manifest: Manifest, bundles: Bundle[]): void {
  const wanted = new Set(Object.keys(manifest.functions));
  const given = bundles.map((bundle) => bundle.function);
  const once = new Set(given);
  const missing = wanted.difference(once).values().next().value;
  const extra = given.find((name) => !wanted.has(name) || !once.delete(name));
  if (missing !== undefined)
    throw new MayflyError("bad-request", { what: `the manifest has a function ${missing}, but its code was not uploaded` });
  if (extra !== undefined)
    throw new MayflyError("bad-request", {
      what: `the code of function ${extra} was uploaded, but the manifest has no such function, or the code was uploaded twice`,
    });
}

/** Code of another runtime would reach a machine that cannot run it. */
function refuseOtherFormats(manifest: Manifest, bundles: Bundle[]): void {
  for (const { function: name, format } of bundles) {
    const runtime = runtimeOf(manifest, name);
    if (format === FILES_FORMAT || !formatsOf[runtime].includes(format))
      throw new MayflyError("bad-request", {
        what: `the code of function ${name} is of the format ${format}, which the manifest's runtime ${runtime} does not run`,
      });
  }
}

/** A program is one of the app's files, and has no code beside them. */
function refuseOtherPrograms(manifest: Manifest, bundles: Bundle[], paths: string[]): void {
  const isProgram = (name: string) => isProgramRuntime(runtimeOf(manifest, name));
  const given = bundles.find((bundle) => isProgram(bundle.function) && bundle.code.byteLength > 0);
  if (given !== undefined)
    throw new MayflyError("bad-request", {
      what: `the code of function ${given.function} has ${given.code.byteLength} bytes, and must have none: a program is among the app's files`,
    });
  const there = new Set(paths);
  for (const [name, { entry }] of Object.entries(manifest.functions))
    if (isProgram(name) && entry !== undefined && !there.has(posix.normalize(entry)))
      throw new MayflyError("bad-request", { what: `the entry of function ${name} is ${entry}, which is not among the app's files` });
}

/** Tries again to serve an app that could not be served so far. */
function serveIfNotServed({ catalog, serving }: DeployParts, { app }: Revision): void {
  if (serving.problemOf(app) !== null) serving.pointed(app, catalog.live(app));
}

/** Throws "bad-manifest". The same is looked at again when the revision becomes live, because a secret may be set while its code is written. */
function refuseUnfitSecrets(catalog: DeployParts["catalog"], tenant: string, manifest: Manifest): void {
  const app = catalog.names.known(tenant, manifest.name);
  const what = app === undefined ? undefined : unfitSecrets(catalog, app, manifest);
  if (what !== undefined) throw new MayflyError("bad-manifest", { file: "mayfly.json", what });
}
