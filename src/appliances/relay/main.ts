/**
 * A relay: the process that reads what strangers send to one appliance's machine, and what the machine sends: its published ports, its
 * proxy and its console. It runs in the network namespace of the machine's QEMU, which has only a loopback, as a user of its own, in an
 * empty root folder, without privileges. Its failure affects this appliance alone, because the server starts another relay.
 */
import { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { proxyPort } from "../proxy-variables.ts";
import { confine } from "./confine.ts";
import { readConsole } from "./console.ts";
import { openForward } from "./forward.ts";
import { type FromRelay, firstPortFd, RelayFd, type RelayJob, type ToRelay } from "./messages.ts";
import { createNotes } from "./notes.ts";
import { createOutside } from "./outside.ts";
import { openProxy } from "./proxy.ts";
import { shareOf } from "./share.ts";

const job = JSON.parse(process.argv[2]!) as RelayJob;
// A relay without its server has nothing to do.
// oxlint-disable-next-line mayfly/guarded-listeners -- its end is what is wanted
process.on("disconnect", () => process.exit(1));
if (job.confine !== undefined) confine(job.confine);

const share = shareOf(job.descriptors, job.ports.length, job.proxy);
const note = createNotes((text) => tell({ type: "note", text: text.slice(0, 500) }));
const outside = createOutside(tell);
const answered = (message: ToRelay, socket: unknown) => outside.answered(message, socket instanceof Socket ? socket : undefined);
// A wrong message from the server is a defect: this process ends, and the server starts another.
process.on(
  "message",
  guarded(answered, (error) => {
    throw error;
  }),
);

readConsole(
  new Socket({ fd: RelayFd.Console, readable: true, writable: false }),
  (lines) => new Promise((resolve) => void process.send!({ type: "lines", lines } satisfies FromRelay, () => resolve())),
  () => tell({ type: "console-end" }),
);
for (const [index, { name, qemu }] of job.ports.entries()) {
  await openForward({ name, from: { fd: firstPortFd + index }, to: qemu, limit: share.perPort, note });
}
if (job.proxy)
  await openProxy({
    where: { host: "127.0.0.1", port: proxyPort },
    connect: (host, port) => outside.connect(host, port),
    limit: share.proxy,
  });
tell({ type: "ready" });

function tell(message: FromRelay): void {
  process.send!(message);
}
