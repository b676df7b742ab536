/** The fixed rules: every idle machine is kept for the setting `idleMs`, nothing is learned, and nothing is started ahead of need. They are for comparisons. */
import type { MachineEntry, PackingState } from "../core/packing-state.ts";
import type { Rules } from "./rules.ts";

export const fixed: Rules = {
  firstSlots: ({ concurrency }) => concurrency,
  known: () => null,
  learnSlots() {},
  refreshForecast() {},
  partAtOnce: () => 1,
  idleUntil: (state, _app, machine) => machine.idleSince + idleMsOf(state),
  whyIdleKilled: (state) => ({ kind: "idle-fixed", ms: idleMsOf(state) }),
  keepsUnused: (state) => idleMsOf(state) > 0,
  blanks: (_state, _pool, least) => least,
  blanksHeld: () => 0,
  blankUntil: (state, pool) => (state.machines[pool.ready[0] as number] as MachineEntry).since + idleMsOf(state),
  replacesBlanks: ({ blanks }) => blanks > 0,
  keepsLastBlank: false,
  mostSparesAtOnce: Number.MAX_SAFE_INTEGER,
  mostBlanksAtOnce: { idle: Number.MAX_SAFE_INTEGER, busy: Number.MAX_SAFE_INTEGER },
  facts: () => null,
};

function idleMsOf({ options }: PackingState): number {
  return options.idleMs as number;
}
