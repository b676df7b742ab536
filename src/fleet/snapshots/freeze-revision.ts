/** Binds a machine to a part of a revision, has it initialised, and freezes it. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import type { MachineKind } from "../../base/kind/machine-kind.ts";
import type { AppSnapshot, FreezeSteps, Machine, Snapshots } from "../../machines/driver.ts";
import type { Version } from "../../store/catalog/catalog.ts";
import { openHostEnd } from "../../wire/open-host-end.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { askEgress } from "../ask-egress.ts";
import { bindMessage } from "../bind-message.ts";
import type { FleetOptions } from "../fleet.ts";
import { partCode } from "../part-code.ts";
import { ToldOnce } from "../told-once.ts";
import { UsageMeter } from "../usage-meter.ts";

export interface FreezeParts extends Pick<FleetOptions, "code" | "egress" | "authority" | "lambda" | "usage"> {
  snapshots: Snapshots;
  clock: Clock;
  /** Gets what the machine logs. */
  log: (version: Version, machine: string, level: LogLevel, text: string) => void;
}

export interface Freezing extends Pick<FreezeSteps, "admit" | "gone"> {
  /** Its manifest has the part's functions alone. */
  version: Version;
  kind: MachineKind;
  /** The values of the revision's secrets. */
  secrets: Record<string, string>;
  snapshot: AppSnapshot;
  /** The machine's id. */
  machine: string;
}

const HANDSHAKE_MS = 60_000;
/** The most milliseconds that an app may take to initialise. Nobody waits for it, and the machine has a low share of the CPU. */
const INITIALISE_MS = 600_000;

/** Rejects with the reason if the app cannot be initialised or the machine not be frozen. What the machine uses is the app's. */
export async function freezeRevision(parts: FreezeParts, freezing: Freezing): Promise<void> {
  const { snapshots, clock, usage } = parts;
  const { version, kind, machine: id, snapshot, admit, gone } = freezing;
  const meter = new UsageMeter(id, clock, usage);
  meter.begin();
  const ready = async (machine: Machine) => {
    meter.take(version.app, machine.usage());
    void machine.exited.then(() => meter.close(machine.usage().cpuUs));
    await initialise(parts, freezing, machine).finally(() => meter.sample(machine.usage()));
  };
  await snapshots.make({ id, ...kind, snapshot }, { ready, admit, gone });
}

async function initialise(parts: FreezeParts, { version, secrets }: Freezing, machine: Machine): Promise<void> {
  const { clock, log } = parts;
  const { promise: dead, reject } = Promise.withResolvers<never>();
  dead.catch(() => undefined); // nobody may be waiting for it any more
  const say = (level: LogLevel, text: string) => log(version, machine.id, level, text);
  const told = new ToldOnce();
  const refused = (text: string) => {
    if (told.isDue(text, clock.now())) say(LogLevel.Platform, text);
  };
  const egress = parts.egress(version, refused, () => undefined);
  const end = openHostEnd(
    machine.channel,
    {
      log: (_stream, level, text) => say(level, text),
      stats: () => undefined,
      connect: (host, port, gone, name) =>
        askEgress(egress, `${name ?? host}:${port}`, (outside) => outside.connect(host, port, gone, name), refused),
      resolve: (host, family, gone) => askEgress(egress, host, (outside) => outside.resolve(host, family, gone), refused),
      dead: (reason) => reject(new Error(reason)),
    },
    clock,
  );
  const bounded = (ms: number, what: string, done: Promise<unknown>) => within(clock, ms, what, Promise.race([done, dead]));
  try {
    await bounded(HANDSHAKE_MS, "the handshake", end.resume(clock.wall(), randomBytes(64), machine.id, machine.fresh));
    const code = partCode(parts.code(version), (name) => Object.hasOwn(version.manifest.functions, name));
    const large = machine.attach === undefined ? undefined : code.files?.large;
    const release = large?.keep();
    void machine.exited.then(release);
    const attached = large && (await machine.attach?.(large));
    const extras = { attached, authority: await parts.authority?.(version), lambda: parts.lambda?.(version), now: clock.wall() };
    const message = { ...bindMessage(version, code, secrets, extras), snapshot: true };
    await bounded(INITIALISE_MS, "the initialisation", end.bind(message, code.parts(attached !== undefined)));
  } finally {
    end.close();
    egress?.close();
  }
}
