/**
 * The server of the case `dashboard`, a process of its own: the management API over a catalog of APPS apps, with MACHINES machines that only seem to be there,
 * because what is measured is what a browser makes of them. While it runs, calls end and machines change as on a busy server. It answers the message "cpu"
 * with the microseconds of CPU that it has used.
 */
import { join } from "node:path";
import { bundle, machine, manifest, serveApi, token } from "../../src/doors/admin/testing/serve-api.ts";
import type { InvocationEnded } from "../../src/telemetry/platform-event.ts";
import { copyOften } from "../../test/many-apps.ts";
import { Random } from "../live/random.ts";

const [apps = 0, machines = 0, callsPerSecond = 0] = process.argv.slice(2).map(Number);
const STEP_MS = 100;
/** Of the machines, in a second: those whose slots change, and those that end and make place for others. */
const CHANGED = 0.5;
const REPLACED = 0.02;

const generator = new Random(1);
const random = () => generator.next();
const appAt = (at: number) => `app-${String(at % apps).padStart(5, "0")}`;
let started = 0;

function newMachine() {
  const at = started++;
  // A few apps have many machines, and many have one.
  const app = at % 8 === 0 ? null : appAt(Math.floor(apps * random() ** 6));
  const state: (typeof machine)["state"] = app === null ? "blank" : "bound";
  return { ...machine, id: `m${at}`, app, state, slots: { used: 0, total: app === null ? 0 : 100 }, memoryBytes: 40e6, ageMs: 1_000 };
}

const shown = Array.from({ length: machines }, newMachine);
const served = await serveApi({ shown: () => shown });
await served.client.deploy(manifest({ name: "first" }), [bundle("main", "cjs", "1")]);
const ids = copyOften(join(served.dir, "catalog.db"), "first", apps, appAt);

setInterval(() => {
  for (let each = 0; each < (machines * CHANGED * STEP_MS) / 1_000; each++) {
    const at = Math.floor(random() * machines);
    const old = shown[at]!;
    const slots = { ...old.slots, used: Math.floor(random() * (old.slots.total + 1)) };
    shown[at] = { ...old, slots, memoryBytes: 40e6 + random() * 60e6, cpuUs: old.cpuUs + 20_000 };
  }
  for (let each = 0; each < (machines * REPLACED * STEP_MS) / 1_000; each++) shown[Math.floor(random() * machines)] = newMachine();
  for (let each = 0; each < (callsPerSecond * STEP_MS) / 1_000; each++) served.events.tell(ended());
}, STEP_MS);

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!(user + system);
});
process.on("disconnect", () => process.exit());
process.send!({ url: served.server.url, token });

function ended(): InvocationEnded {
  return {
    type: "invocation-ended",
    at: Date.now(),
    invocation: `i${Math.floor(random() * 1e12)}`,
    app: ids[Math.floor(random() * apps)]!,
    function: "main",
    machine: "m1",
    appGone: false,
    revision: "r",
    memoryMb: 256,
    branch: null,
    outcome: random() < 0.01 ? "function-threw" : "replied",
    details: null,
    status: 200,
    spans: { queue: 0, start: 0, bind: 0, run: 5 + 20 * random() },
    slotMs: 10,
    requestBytes: 0,
    replyBytes: 100,
    kind: "http",
    attempt: 1,
    source: null,
    traceparent: "",
    recorded: null,
  };
}
