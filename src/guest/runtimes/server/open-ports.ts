/** Tells on which TCP ports of the machine something listens: a program that does not listen on its own port usually listens on another one. */
import { readFileSync } from "node:fs";

/** The state of a socket that listens, in the kernel's table. */
const LISTENS = "0A";
/** Ports of the agent's own, which it opens when a program first asks for the network or for a name: docs/runtimes.md, Plain connections. */
const agents = new Set([1, 53]);

/** Without the agent's own. Empty where the kernel has no such tables. */
export function openPorts(): Set<number> {
  const ports = new Set<number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"])
    for (const line of linesOf(table).slice(1)) {
      const [, local = "", , state] = line.trim().split(/\s+/);
      if (state === LISTENS) ports.add(Number.parseInt(local.slice(local.indexOf(":") + 1), 16));
    }
  return ports.difference(agents);
}

function linesOf(table: string): string[] {
  try {
    return readFileSync(table, "latin1").trimEnd().split("\n");
  } catch {
    return [];
  }
}
