import type { Command } from "commander";
import type { Client } from "../../doors/admin/client.ts";
import { type BundledApp, bundleApp } from "../../bundle/bundle-app.ts";
import { cacheFolder } from "../../base/config/load.ts";
import { counted } from "../../base/words/counted.ts";
import { FILES_FORMAT } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { commandName } from "../command-name.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { showProgress, yellow } from "../../base/terminal/terminal.ts";
import { targetsInWords } from "../targets.ts";
import { bytesInWords } from "../units.ts";
import { neededSecrets } from "../../store/catalog/injections.ts";
import { asksForSnapshot } from "../../store/catalog/snapshot-of.ts";

export function define(command: Command): void {
  withConnectionOptions(command)
    .argument("[dir]", "folder with mayfly.json", ".")
    .addHelpText("after", "\nExample:\n  mayfly deploy examples/hello")
    .action(deploy);
}

async function deploy(dir: string, options: ConnectionOptions & { json?: true }): Promise<void> {
  const { client, gateway } = await connect(options);
  const { manifest, bundles, warnings, files } = await bundle(dir);
  for (const warning of warnings) console.error(`${yellow("warning:", process.stderr)} ${warning}`);
  const revision = await client.deploy(manifest, bundles);
  const { url: at } = await gateway();
  for (const name of await unsetSecrets(client, manifest))
    console.error(`${yellow("warning:", process.stderr)} the secret ${name} is not set: ${commandName} secret set ${revision.app} ${name}`);
  const functions = bundles
    .filter(({ format }) => format !== FILES_FORMAT)
    .map(({ function: name, code }) => ({
      name,
      url: `${at}/${revision.app}/${name}`,
      bytes: code instanceof Blob ? code.size : code.byteLength,
    }));
  const { app, id, number, digest, changed } = revision;
  if (options.json) return console.log(JSON.stringify({ app, version: id, revision: number, digest, changed, functions, files }));
  console.log(outcomeInWords(revision));
  // Code without a byte of its own is among the files.
  for (const { url, bytes } of functions) console.log(bytes > 0 ? `  ${url}  (${bytesInWords(bytes)} of code)` : `  ${url}`);
  if (files.count > 0) console.log(filesInWords(files));
  if (asksForSnapshot(manifest) && changed)
    console.log(`  a snapshot is made when the host has nothing to do: \`${commandName} logs ${app}\` says when it is there`);
}

async function bundle(dir: string): Promise<BundledApp> {
  const progress = showProgress(process.stderr);
  return bundleApp(dir, { cacheDir: cacheFolder(), progress: progress.step }).finally(progress.done);
}

/** At most this many names of files are shown. */
const SHOWN = 8;

function filesInWords({ count, bytes, named }: BundledApp["files"]): string {
  const all = `  ${counted(count, "file")} ${count === 1 ? "travels" : "travel"} with the code (${bytesInWords(bytes)})`;
  if (named.length === 0) return all;
  const more = named.length > SHOWN ? [`${named.length - SHOWN} more`] : [];
  return `${all}; the code names ${[...named.slice(0, SHOWN), ...more].join(", ")}`;
}

type Deployed = Awaited<ReturnType<Client["deploy"]>>;

export function outcomeInWords({ app, number, changed, before }: Pick<Deployed, "app" | "number" | "changed" | "before">): string {
  if (!changed) return `Nothing changed: this is revision ${number} of ${app}, which is live already.`;
  const ended = before.length > 1 ? ` This ended the split of its calls, which was ${targetsInWords(before)}.` : "";
  return ended === "" ? `Deployed ${app}, revision ${number}:` : `Deployed ${app}, revision ${number}.${ended}`;
}

/** Secrets that the manifest names but that are not set; no machine can be bound without them. */
async function unsetSecrets(client: Client, manifest: Manifest): Promise<string[]> {
  const secrets = neededSecrets(manifest);
  if (secrets.length === 0) return [];
  const set = new Set(await client.secretNames(manifest.name));
  return secrets.filter((secret) => !set.has(secret));
}
