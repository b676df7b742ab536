/**
 * The worker process, which runs the whole platform. A supervisor starts, watches and replaces it. When the channel to the supervisor
 * closes, the worker ends.
 */
import { once } from "node:events";
import { dieWithParent } from "../base/libc/libc.ts";
import { asMayflyError } from "../base/errors/error.ts";
import { systemClock } from "../base/clock/clock.ts";
import { contained } from "../base/clock/contained.ts";
import { misspeltVariables } from "../base/config/environment.ts";
import { logSteps, openServerLog } from "../store/logs/server-log.ts";
import { startMayfly } from "../main.ts";
import type { Ask, FromWorker, StartMessage } from "../supervisor/messages.ts";
import { containing } from "./contain.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { reportError } from "./report-error.ts";
import { closeOnSignal } from "./signals.ts";
import { showProgress } from "../base/terminal/terminal.ts";

process.on("disconnect", () => process.exit(1));
// An error here means that nobody reads the output any more; the server must not end because of that.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
process.on("message", (message: StartMessage | Ask) => {
  if ("type" in message) tell({ type: "alive" });
});
let renew = (): void => undefined;
process.on("SIGHUP", () => renew());
let inFlight = (): [string, number][] => [];
const calls = () => inFlight().reduce((sum, [, count]) => sum + count, 0);
process.on("uncaughtExceptionMonitor", (error) => tell({ type: "dying", reason: lineOf(error), inFlight: inFlight() }));

const [{ config, json, sockets, pid, startedAt, deaths, restarts, lost, leaveAlone, apart }] = (await once(process, "message")) as [
  StartMessage,
];
if (!dieWithParent(pid)) process.exit(1);

const log = openServerLog(config);
for (const { name, meant } of misspeltVariables(process.env))
  log.warn({ variable: name }, `the variable ${name} is no setting and has no effect; did you mean ${meant}?`);
const contain = containing(log, () => performance.now());
// An error in the code of an event still ends the worker, which is replaced: what was being done then may be half done.
process.on("unhandledRejection", contain);
// On a terminal, progress shows the seconds of the current step. Elsewhere, steps are lines in the log's format.
const progress = process.stderr.isTTY ? showProgress() : logSteps(log);
try {
  const running = await startMayfly(config, {
    clock: contained(systemClock, contain),
    progress: progress.step,
    prepared: progress.done,
    supervision: {
      pid,
      sockets,
      startedAt,
      deaths,
      restarts,
      lost,
      leaveAlone,
      apart,
      locked: () => tell({ type: "locked" }),
      starting: (appliance) => tell({ type: "starting", appliance }),
      serving: (app, serves) => tell({ type: "serving", app, serves }),
      takenUp: (appliance) => tell({ type: "taken-up", appliance }),
    },
  }).finally(progress.done);
  inFlight = () => running.inFlight();
  renew = () => running.renewCertificates();
  closeOnSignal(running, (signal) => {
    log.info({ signal, calls: calls() }, "finishing what is in flight; a second signal ends it at once");
    tell({ type: "stopping", calls: calls() });
    setInterval(() => tell({ type: "stopping", calls: calls() }), 1_000);
  });
  tell({ type: "up", gatewayUrl: running.gatewayUrl, apiUrl: running.apiUrl, driver: running.driver });
} catch (error) {
  tell({ type: "refused", exitCode: restarts === 0 ? reportError(error, json) : logRefusal(error) });
  process.disconnect!();
}

/** The program that started the server no longer reads its output, so the refusal goes to the log. */
function logRefusal(thrown: unknown): number {
  const error = asMayflyError(thrown);
  log.error({ code: error.code, cure: error.cure, ...(error.code === "internal" && { err: thrown }) }, error.message);
  return exitCodeOf(error.code);
}

function tell(message: FromWorker): void {
  // Without a supervisor there is no channel, and this process is about to end.
  if (process.connected) process.send!(message);
}

/** A thrown value need not be an Error. */
function lineOf(thrown: unknown): string {
  return (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)).split("\n", 3).join(" ").slice(0, 500);
}
