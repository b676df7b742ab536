/** Bundles an app whose functions are programs: its files, as they are, for servers in Python its modules and the packages that it requires, and in Java the classes of sources. */
import type { Bundle } from "../../store/catalog/catalog.ts";
import { formatsOf, type PartManifest } from "../../store/catalog/parts.ts";
import { asksForSnapshot } from "../../store/catalog/snapshot-of.ts";
import type { AppFolder, Surroundings } from "../app-folder.ts";
import type { BundledPart } from "../bundled-app.ts";
import { unshippedReads } from "../file-warnings.ts";
import { collected, inPlace } from "../files/collect.ts";
import { matchedFiles } from "../files/matched.ts";
import { withImports } from "../files/named.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { type Launched, withLaunched } from "../java/launched/launched.ts";
import { shippedPackages } from "../packages/shipped.ts";
import { guestPython } from "../python/guest-python.ts";
import { withRequirements } from "../python/requirements.ts";
import { serverModules } from "../python/server-modules.ts";
import { refuseMissingScripts, shellWords } from "./commands.ts";
import { refuseUnfit } from "./fit.ts";
import { appPrograms } from "./programs.ts";

/** Throws "bad-manifest", "build-failed", "packages-not-installed", "code-too-large", and what fetching Debian's packages throws. */
export async function bundlePrograms({ manifest, root, file }: AppFolder, surroundings: Surroundings): Promise<BundledPart> {
  const programs = appPrograms(manifest, root, file);
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const packages = shippedPackages(root, manifest.external ?? [], file);
  const beside = [...matched, ...packages.flatMap((each) => each.files)];
  const named = withImports(
    programs.flatMap(({ named: files }) => files),
    root,
    beside,
  );
  const own = named.files.map((each) => inPlace(root, each));
  const travelling = [...own, ...beside, ...programs.flatMap(({ file: own }) => own ?? [])];
  await refuseUnfit(programs, travelling, manifest, surroundings);
  refuseMissingScripts(manifest, root, travelling, file);
  const format = formatsOf[manifest.runtime][0]!;
  const { files, commands, warnings } = await withMade(manifest, root, surroundings, travelling, async (made) => ({
    ...made,
    files: collected([...travelling, ...made.files], 0, file),
  }));
  const shipped = new Set(travelling.map(({ from }) => from));
  const functions = programs.map(({ name }): Bundle => ({ function: name, format, code: new Uint8Array() }));
  return {
    bundles: [...functions, ...(files === undefined ? [] : [files.bundle])],
    warnings: [
      ...named.warnings,
      ...unshippedReads(named.files, root, shipped),
      ...warnings,
      ...shellWords(manifest),
      ...(format === "server" && asksForSnapshot(manifest) ? clonedServers(manifest) : []),
    ],
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: namesOf(own, matched) },
    commands,
  };
}

/** The agent has the machines' own Node seed its generators anew. Nobody can do that for a program of an unknown language. */
function clonedServers({ functions }: PartManifest): string[] {
  const others = Object.entries(functions).filter(([, { command }]) => command?.[0] !== "node");
  if (others.length === 0) return [];
  const names = others.map(([name]) => `functions.${name}`).join(", ");
  return [
    `${names}: with \`snapshot\` the machines are copies of one in which the program listens already, so that a random generator which it has seeded by then, such as OpenSSL's, ` +
      `gives the same values in all of them, session ids and keys as well, unless the program seeds it anew at the signal SIGCONT (docs/snapshots.md)`,
  ];
}

interface Made extends Launched {
  warnings: string[];
}

/** @param use gets what the deploy makes or finds for the programs, which is on this host until it has ended */
async function withMade<T>(
  part: PartManifest,
  root: string,
  surroundings: Surroundings,
  travelling: TravellingFile[],
  use: (made: Made) => Promise<T>,
): Promise<T> {
  if (part.runtime === "server-java") return withLaunched(part, travelling, surroundings, (made) => use({ ...made, warnings: [] }));
  if (part.runtime !== "server-python") return use({ files: [], commands: [], warnings: [] });
  const python = await guestPython(surroundings);
  const modules = await serverModules(python, part, root, travelling);
  return withRequirements(python, root, surroundings, travelling.length + modules.files.length, async (required, unfit) => {
    const files = [...modules.files, ...required];
    return use({ files, commands: [], warnings: [...unfit, ...(await modules.warnings([...travelling, ...files]))] });
  });
}

/** Those that the manifest names only as a part of a command, or not at all. */
function namesOf(own: TravellingFile[], matched: TravellingFile[]): string[] {
  const others = new Set(matched.map(({ path }) => path));
  return own.flatMap(({ path }) => (others.has(path) ? [] : [path])).toSorted();
}
