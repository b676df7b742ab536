/** The npm packages of the table: one tree with all of them, and small trees with only the packages of a single row. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Row } from "./rows/row.ts";

interface Locked {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const here = import.meta.dirname;
const modules = join(here, "node_modules");
const apps = join(here, "apps");

/** Installs what the lock file lists, without running any package's scripts. */
export function install(): void {
  if (existsSync(join(modules, ".package-lock.json"))) return;
  execFileSync("npm", ["ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
}

/** The row's app as a folder that can be deployed. @param more is added to its mayfly.json */
export function appFolder(row: Row, more: object = {}): string {
  const dir = join(apps, row.name.replaceAll(/[^a-z0-9]+/gi, "-"));
  rmSync(dir, { recursive: true, force: true });
  const locked = (JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> }).packages;
  const dependencies = Object.fromEntries(row.packages.map((name) => [name, locked[`node_modules/${name}`]?.version ?? ""]));
  const files: Record<string, string> = {
    "mayfly.json": JSON.stringify({ name: appName(row), functions: { main: { entry: "main.mjs" } }, ...more }),
    "package.json": JSON.stringify({ name: appName(row), type: "module", dependencies }),
    "main.mjs": row.code,
    ...row.files,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  if (row.alone)
    for (const path of [...closure(row.packages, locked)].filter((each) => existsSync(join(here, each))))
      cpSync(join(here, path), join(dir, path), { recursive: true, verbatimSymlinks: true });
  return dir;
}

/** They would otherwise be linted with the project's own files. */
export function removeAppFolders(): void {
  rmSync(apps, { recursive: true, force: true });
}

export function appName({ name }: Row): string {
  return `p-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`.slice(0, 39).replace(/-$/, "");
}

/** Where npm would install the dependencies of these packages. */
function closure(names: string[], locked: Record<string, Locked>): Set<string> {
  const found = new Set(names.map((name) => `node_modules/${name}`));
  for (const path of found) {
    const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = locked[path] ?? {};
    const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const at = resolved(path, name, locked);
      if (at !== undefined) found.add(at);
    }
  }
  return found;
}

function resolved(from: string, name: string, locked: Record<string, Locked>): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf("/node_modules/"))) {
    const at = `${folder}/node_modules/${name}`;
    if (locked[at]) return at;
    if (!folder.includes("/node_modules/")) break;
  }
  return locked[`node_modules/${name}`] ? `node_modules/${name}` : undefined;
}
