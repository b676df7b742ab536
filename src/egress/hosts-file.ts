/** /etc/hosts: names that this host's administrator has entered by hand. */
import { parseIp, type Ip } from "../base/network/ip.ts";
import { watchedFile } from "./watched-file.ts";

/** Returns the addresses of a name; empty if the file does not list it. The name must be in lower case, without a trailing dot. */
export type HostsFile = (name: string) => Ip[];

/** @param file if it does not exist, no name has addresses */
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
