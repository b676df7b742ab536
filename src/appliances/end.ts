import { reasonOf } from "../machines/qemu/exit-reason.ts";

/** How an appliance's machine ended. */
export interface End {
  /** True: as it should, with code 0 or because it was asked to. */
  good: boolean;
  /** A clause for people. */
  detail: string;
}

export interface EndFacts {
  /** QEMU's. */
  code: number | null;
  signal: NodeJS.Signals | null;
  outOfMemory: boolean;
  /** The last of what the guest printed. */
  console: string;
  stderr: string;
}

/** The supervisor's last line says how the command ended (images/standalone/supervisor.ts). It is the guest's word: it decides nothing but a restart. */
export function endOf({ code, signal, outOfMemory, console, stderr }: EndFacts): End {
  if (outOfMemory) return { good: false, detail: "it passed its memory limit on the host" };
  if (signal !== null) return { good: false, detail: `QEMU was ended by ${signal}` };
  if (code !== 0) return { good: false, detail: `QEMU ended with code ${code}: ${stderr || "it said nothing"}` };
  const said = [...console.matchAll(/^mayfly: (stopped|the command ended with code (\d+))$/gm)].at(-1);
  if (said !== undefined) return { good: said[2] === undefined || said[2] === "0", detail: said[1]! };
  const failed = /^mayfly init: failed: (.*)$/m.exec(console)?.[1];
  return { good: false, detail: failed === undefined ? `the guest ${reasonOf(console)}` : `the guest could not ${failed}` };
}
