/** /etc/hosts: names that this host's administrator gave by hand. Read anew when the file changes. */
import { readFileSync, statSync } from "node:fs";
import { parseIp, type Ip } from "./ip.ts";

/** The addresses of a name in lower case, without a dot at its end; empty where the file has none. */
export type HostsFile = (name: string) => Ip[];

/** @param file where there is none, or none that may be read, nothing is found */
export function openHostsFile(file = "/etc/hosts"): HostsFile {
  let version = "";
  let names = new Map<string, Ip[]>();
  return (name) => {
    const found = versionOf(file);
    if (found !== version) names = parseHosts(found === "" ? "" : readFileSync(file, "utf8"));
    version = found;
    return names.get(name) ?? [];
  };
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function parseHosts(text: string): Map<string, Ip[]> {
  const names = new Map<string, Ip[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const ip = parseIp(address);
    if (ip === undefined) continue;
    for (const alias of aliases) names.set(alias.toLowerCase(), [...(names.get(alias.toLowerCase()) ?? []), ip]);
  }
  return names;
}
