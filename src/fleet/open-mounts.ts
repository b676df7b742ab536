/** The way of one machine's mounts to their servers. */
import type { Clock } from "../base/clock/clock.ts";
import { guarded } from "../base/errors/guarded.ts";
import type { Egress } from "../egress/egress.ts";
import type { Machine } from "../machines/driver.ts";
import { type MountsEnd, openMountsEnd } from "../wire/mounts-end.ts";
import { askEgress } from "./ask-egress.ts";

interface MountsParts {
  /** To the servers of the app's mounts alone. It is closed with the mounts. */
  egress: Egress;
  clock: Clock;
  /** Called with a sentence on what was refused. */
  log: (text: string) => void;
  dead: (reason: string, violation: boolean) => void;
}

/** Throws an Error if the machine can mount nothing. */
export function openMounts({ mounts }: Machine, { egress, clock, log, dead }: MountsParts): MountsEnd {
  if (mounts === undefined) throw new Error("machines of this driver and kernel cannot mount NFS exports");
  const connect = (host: string, port: number, gone: AbortSignal) =>
    askEgress(egress, `${host}:${port}`, (outside) => outside.connect(host, port, gone), log);
  const end = openMountsEnd(mounts, { connect, dead }, clock);
  return {
    get traffic() {
      return end.traffic;
    },
    close() {
      end.close();
      egress.close();
    },
  };
}

/**
 * For a machine whose app has no mounts. Nothing in it has a reason to use the channel, and QEMU would wait without end for somebody to read what comes: so the
 * first byte ends the machine.
 */
export function forbidMounts({ mounts }: Machine, dead: MountsParts["dead"]): void {
  const why = "it wrote to the channel of mounts, of which its app has none";
  mounts?.once(
    "data",
    guarded(
      () => dead(why, true),
      () => undefined,
    ),
  );
}
