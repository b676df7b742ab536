/** What the operator sees of the host that a server runs on. Only who may look at the whole server is told. */
import { availableParallelism, cpus, freemem, loadavg, release, totalmem } from "node:os";
import type { Clock } from "../base/clock/clock.ts";
import type { Config } from "../base/config/schema.ts";
import { createDiskUse, type DiskReport } from "./disk-use.ts";

export interface HostReport {
  details(): Promise<HostDetails>;
  disk(): Promise<DiskReport>;
  /** The findings of the last run, or of a new one. Whoever asks while one is under way gets its findings. */
  doctor(again: boolean): Promise<DoctorReport>;
}

interface ImageFacts {
  id: string;
  names: string[];
  modules: string[];
  kernel: string;
  bytes: number;
  builtAt: number;
}

interface TemplateFacts {
  image: string;
  memoryMb: number;
  runtime: string | null;
  kernel: string | null;
  vcpus: number | null;
  accelerator: string | null;
  bytes: number;
  madeAt: number;
  usedAt: number;
}

interface Finding {
  part: string;
  ok: boolean;
  detail: string;
  cure?: string;
}

/** Times are milliseconds since the epoch. */
interface HostDetails {
  kernel: string;
  processor: string;
  cpus: number;
  load: number;
  memoryBytes: number;
  freeMemoryBytes: number;
  driver: { name: string; detail: string; damage: string | null };
  images: ImageFacts[];
  templates: TemplateFacts[];
  limits: {
    descriptors: number;
    gatewayConnections: number;
    apiConnections: number;
    outsideConnections: number;
    maxMachines: number;
    maxMemoryMb: number;
    maxVcpus: number;
  };
}

interface DoctorReport {
  at: number;
  findings: Finding[];
}

export interface HostReportParts {
  config: Pick<Config, "stateDir" | "cacheDir" | "maxMachines">;
  clock: Pick<Clock, "wall">;
  closing: AsyncDisposableStack;
  driver: { name: string; detail: string; damage: () => string | null };
  /** What the policy may give out. */
  bounds: { maxMemoryMb: number; maxVcpus: number };
  descriptors: { limit: number; gateway: number; api: number; outside: number };
  look: { images(): Promise<ImageFacts[]>; templates(): Promise<TemplateFacts[]>; doctor(): Promise<Finding[]> };
  onFailure: (error: unknown) => void;
}

/** A cache may have hundreds of images, each with a long description: the lists are read no more often than this. */
const LISTED_MS = 30_000;

export function createHostReport(parts: HostReportParts): HostReport {
  const { config, clock, closing, driver, bounds, descriptors, look, onFailure } = parts;
  const disk = createDiskUse({ stateDir: config.stateDir, cacheDir: config.cacheDir, clock, onFailure });
  closing.defer(() => disk.close());
  let last: DoctorReport | undefined;
  let running: Promise<DoctorReport> | undefined;
  const examine = async () => {
    const findings = [driverFinding(driver), ...(await look.doctor())];
    last = { at: Math.trunc(clock.wall()), findings };
    return last;
  };
  let listed: { at: number; lists: Promise<[ImageFacts[], TemplateFacts[]]> } | undefined;
  const lists = () => {
    if (listed === undefined || clock.wall() - listed.at > LISTED_MS) {
      const lists = Promise.all([look.images(), look.templates()]);
      listed = { at: clock.wall(), lists };
      // The next request tries again.
      lists.catch(() => (listed = undefined));
    }
    return listed.lists;
  };
  return {
    async details() {
      const [images, templates] = await lists();
      return {
        kernel: `Linux ${release()}`,
        processor: cpus()[0]?.model.trim() ?? "unknown",
        cpus: availableParallelism(),
        load: loadavg()[0] ?? 0,
        memoryBytes: totalmem(),
        freeMemoryBytes: freemem(),
        driver: { name: driver.name, detail: driver.detail, damage: driver.damage() },
        images,
        templates,
        limits: {
          descriptors: descriptors.limit,
          gatewayConnections: descriptors.gateway,
          apiConnections: descriptors.api,
          outsideConnections: descriptors.outside,
          maxMachines: config.maxMachines,
          maxMemoryMb: Math.round(bounds.maxMemoryMb),
          maxVcpus: bounds.maxVcpus,
        },
      };
    },
    disk: () => disk.report(),
    doctor(again) {
      if (last !== undefined && !again) return Promise.resolve(last);
      running ??= examine().finally(() => (running = undefined));
      return running;
    },
  };
}

function driverFinding({ name, detail, damage }: HostReportParts["driver"]): Finding {
  const broken = damage();
  const part = `driver ${name}`;
  if (broken === null) return { part, ok: true, detail: `in use: ${detail}` };
  return { part, ok: false, detail: broken, cure: "Look into the server's log. `mayfly image build` makes an image anew." };
}
