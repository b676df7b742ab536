/** /etc/hosts: names that this host's administrator gave by hand. */
import { parseIp, type Ip } from "./ip.ts";
import { watchedFile } from "./watched-file.ts";

/** The addresses of a name in lower case, without a dot at its end; empty where the file has none. */
export type HostsFile = (name: string) => Ip[];

/** @param file where there is none, nothing is found */
export function openHostsFile(file = "/etc/hosts"): HostsFile {
  const names = watchedFile(file, parseHosts);
  return (name) => names().get(name) ?? [];
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
