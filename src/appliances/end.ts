import type { MachineExit } from "../machines/exit.ts";
import { linuxEnd } from "../machines/qemu/console-end.ts";

/** How an appliance's machine ended. */
export interface ApplianceEnd extends Pick<MachineExit, "reason" | "detail" | "output"> {
  /** Whether the appliance need not be started again, because its command ended with code 0, or it was asked to stop. */
  good: boolean;
}

export interface EndFacts {
  /** The exit code of QEMU. */
  code: number | null;
  signal: NodeJS.Signals | null;
  outOfMemory: boolean;
  /** The last of what the guest printed. */
  console: string;
  /** The last lines that QEMU printed. */
  stderr: readonly string[];
}

/**
 * Works out how an appliance's machine ended. As its last line, the supervisor in the guest prints how the command ended
 * (images/standalone/supervisor.ts), and the guest's init prints what it could not do. A guest may print anything, so its word decides only
 * whether this appliance is started again.
 */
export function endOf({ code, signal, outOfMemory, console, stderr }: EndFacts): ApplianceEnd {
  if (outOfMemory) return { good: false, reason: "out-of-memory", detail: "it passed its memory limit on the host", output: [] };
  if (signal !== null) return { good: false, reason: "crashed", detail: `QEMU was ended by ${signal}`, output: stderr };
  if (code !== 0) return { good: false, reason: "crashed", detail: `QEMU ended with code ${code}`, output: stderr };
  const said = [...console.matchAll(/^mayfly: (?:(stopped)|the command ended with code (\d+))$/gm)].at(-1);
  if (said !== undefined) return said[1] === undefined ? ofCommand(Number(said[2])) : STOPPED;
  const failed = /^mayfly init: failed: (.*)$/m.exec(console)?.[1];
  if (failed !== undefined) return { good: false, reason: "bring-up-failed", detail: "the guest's init failed", output: [failed] };
  const { reason, detail, output } = linuxEnd(console);
  return { good: false, reason, detail, output };
}

const STOPPED: ApplianceEnd = { good: true, reason: "killed", detail: "stopped", output: [] };

function ofCommand(code: number): ApplianceEnd {
  return { good: code === 0, reason: "exited", detail: `the command ended with code ${code}`, output: [] };
}
