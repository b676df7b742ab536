/**
 * `./mayfly bench [--only warm,waiting,first-call,memory,rest,websocket,access,telemetry,dev,dashboard,tenants,files,nfs,runtimes,snapshot,guests,simulator,lambda,durable,kv,queues,objects,events,live] [--drivers process,gvisor,qemu] [--rounds 3] [--seconds 4]
 * [--minutes 5] [--json FILE]`: measures Mayfly and the programs with which it is compared, in one run. bench/README.md says what is not
 * measured.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { access } from "./cases/access.ts";
import { telemetry } from "./cases/telemetry.ts";
import { dashboard } from "./cases/dashboard.ts";
import { dev } from "./cases/dev.ts";
import { durable } from "./cases/durable.ts";
import { events } from "./cases/events.ts";
import { files } from "./cases/files.ts";
import { firstCall } from "./cases/first-call.ts";
import { guests } from "./cases/guests.ts";
import { kv } from "./cases/kv.ts";
import { lambda } from "./cases/lambda.ts";
import { live } from "./cases/live.ts";
import { memory } from "./cases/memory.ts";
import { nfs } from "./cases/nfs.ts";
import { objects } from "./cases/objects.ts";
import { queues } from "./cases/queues.ts";
import { rest } from "./cases/rest.ts";
import { runtimes } from "./cases/runtimes.ts";
import { simulator } from "./cases/simulator.ts";
import { snapshot } from "./cases/snapshot.ts";
import { tenants } from "./cases/tenants.ts";
import { websocket } from "./cases/websocket.ts";
import { waiting } from "./cases/waiting.ts";
import { warm } from "./cases/warm.ts";
import { type CaseName, type BenchOptions, parseOptions } from "./options.ts";
import { type Section, printSection } from "./report.ts";
import { prepare } from "./prepare.ts";

/** Returns what it has not told before. @param tell prints a section at once, for a case that takes many minutes */
type Case = (options: BenchOptions, tell: (section: Section) => void) => Promise<Section[]>;

const cases: Record<CaseName, Case> = {
  warm,
  waiting,
  "first-call": firstCall,
  memory,
  rest,
  websocket,
  access,
  telemetry,
  dev,
  dashboard,
  tenants,
  files,
  nfs,
  runtimes,
  snapshot,
  guests,
  simulator,
  lambda,
  durable,
  kv,
  queues,
  objects,
  events,
  live,
};

const options = optionsOrUsage();
await prepare(options.cases);
const host = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, commit ${execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim()}`;
console.log(`# Mayfly's benchmarks\n${host}, ${new Date().toISOString()}`);
const sections: Section[] = [];
const tell = (section: Section) => {
  printSection(section);
  sections.push(section);
};
for (const name of options.cases) {
  // Not in the output, which is a table: people who wait for it see that it goes on.
  console.error(`measuring ${name} …`);
  for (const section of await cases[name](options, tell)) tell(section);
}
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ host, at: new Date().toISOString(), options, sections }, null, 2)}\n`);

/** An unknown word ends with exit code 2, as in all commands. */
function optionsOrUsage(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    return process.exit(2);
  }
}
