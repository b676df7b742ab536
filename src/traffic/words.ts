/** What became of a canary, as a clause for logs, `mayfly versions` and the API's replies. */
import { percent } from "../base/words/percent.ts";
import type { CanaryReason } from "./canary.ts";

export function reasonInWords(reason: CanaryReason): string {
  switch (reason.kind) {
    case "errors": {
      const { calls, failed, oldCalls, oldFailed, allowed } = reason;
      return `${failed} of its ${calls} calls failed (${shareOf(failed, calls)}), and of the old revision's ${oldFailed} of ${oldCalls} (${shareOf(oldFailed, oldCalls)}); at most ${percent(allowed)} may fail`;
    }
    case "slow": {
      const { calls, p99, oldP99, allowedMs } = reason;
      return `its 99th percentile is ${time(p99)} after ${calls} calls, and the old revision's ${time(oldP99)}; at most ${time(allowedMs)} is allowed`;
    }
    case "passed": {
      const { calls, failed, p99, oldFailed, oldCalls, oldP99 } = reason;
      return `${failed} of its ${calls} calls failed (old revision: ${oldFailed} of ${oldCalls}), its 99th percentile is ${time(p99)} (old revision: ${time(oldP99)})`;
    }
    case "by-hand":
      return "by hand";
    default:
      return "another revision was deployed";
  }
}

function shareOf(some: number, all: number): string {
  return all === 0 ? "0 %" : percent(some / all);
}

function time(ms: number | null): string {
  if (ms === null) return "unknown";
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1_000).toPrecision(3))} s`;
}
