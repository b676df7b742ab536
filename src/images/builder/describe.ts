/** The part of image.json that describes an image's modules and packages. */
import type { DebianPackage } from "../debian/fetch-package.ts";
import type { ModuleRecord, PackageRecord } from "../image.ts";
import type { ImageInputs } from "./collect-inputs.ts";
import { npmPackages } from "./npm.ts";
import type { Contents } from "./root-draft.ts";
import type { Part } from "./part.ts";

/** @param contents the root's contents by module; a file that two modules contain counts for the first of them */
export function describeModules(parts: Part[], contents: Contents): ModuleRecord[] {
  return parts.map(({ inputs: { module } }) => {
    const { name, description, version = null, requires, tests } = module;
    return { name, description, version, requires, tests, ...(contents[name] ?? { files: 0, bytes: 0 }) };
  });
}

/** Sorted by name. A package that several modules need is listed once for each. */
export function describePackages({ kernel, busybox }: ImageInputs, parts: Part[]): PackageRecord[] {
  const boot = [kernel.package, busybox].map((one) => debianRecord(one, "initrd", 0));
  const records = [...boot, ...parts.flatMap(packagesOf)];
  return records.toSorted((a, b) => (`${a.name} ${a.module}` < `${b.name} ${b.module}` ? -1 : 1));
}

function packagesOf({ inputs, step }: Part): PackageRecord[] {
  const { module, closure, sources, npmLock } = inputs;
  const debian = [...closure.map((one) => [one.name, one] as const), ...Object.entries(sources)];
  const npm = npmLock === undefined ? [] : npmPackages(npmLock);
  return [
    ...debian.map(([asked, one]) => debianRecord(one, module.name, step.contents[asked]?.bytes ?? 0)),
    ...npm.map(({ name, version, integrity }) => ({
      from: "npm" as const,
      name,
      version,
      digest: integrity,
      module: module.name,
      bytes: 0,
    })),
  ];
}

function debianRecord({ name, version, sha256 }: DebianPackage, module: string, bytes: number): PackageRecord {
  return { from: "debian", name, version, digest: `sha256-${sha256}`, module, bytes };
}
