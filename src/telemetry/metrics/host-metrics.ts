/**
 * What the host and its hypervisors do, from /proc and the control group of all machines. What a host does not tell is left out: a page of
 * metrics never fails for it.
 *
 * Nothing of this is asked of guests. The host's own steal time is there where this host is itself a virtual machine; that of machines is what the host's
 * scheduler tells of their threads.
 */
import { readdir, readFile } from "node:fs/promises";
import { type AllMachines, lookAtAllMachines } from "../../machines/host/cgroup/all-machines.ts";
import { type MetricFamily, type NumberPoint, single } from "./metric.ts";

/** /proc/stat counts in hundredths of a second. */
const TICKS = 100;
const modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
const PAGE_BYTES = 4_096;
/** Of machines' processes, how many are looked at for what they share: the kernel goes through all their pages for that. */
const MOST_PROCESSES = 200;

export class HostMetrics {
  /** Nanoseconds that machines' threads have waited for a CPU, since the first look. */
  #waitedNs = 0;
  /** What each process had waited at the last look, by its pid. */
  #waits = new Map<number, number>();

  async collect(): Promise<MetricFamily[]> {
    const families = await Promise.all([cpu(), memory(), pressure(), merged(), this.#machines()]);
    return families.flat();
  }

  async #machines(): Promise<MetricFamily[]> {
    const all = await lookAtAllMachines(MOST_PROCESSES).catch(() => undefined);
    if (all === undefined) return [];
    return [cpuOf(all), ...(await this.#waiting(all)), ...(await sharing(all))];
  }

  async #waiting({ pids }: AllMachines): Promise<MetricFamily[]> {
    const waits = new Map<number, number>();
    for (const pid of pids) waits.set(pid, await waitedBy(pid));
    // A thread that ended takes its time with it.
    for (const [pid, ns] of waits) this.#waitedNs += Math.max(0, ns - (this.#waits.get(pid) ?? 0));
    this.#waits = waits;
    const help =
      "Time in which threads of machines' processes could have run and the host's CPUs were given to others: to a guest, it is stolen. Of a process that ended, up to the last look.";
    return [single("counter", "mayfly.hypervisor.cpu.wait_time", "s", help, this.#waitedNs / 1e9)];
  }
}

/** Nanoseconds that the threads of a process were ready to run and did not; 0 where the kernel does not count them. */
async function waitedBy(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const texts = await Promise.all(threads.map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`)));
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[1] ?? 0), 0);
}

async function cpu(): Promise<MetricFamily[]> {
  const [, ...ticks] = /^cpu .*$/m.exec(await read("/proc/stat"))?.[0].split(/ +/) ?? [];
  if (ticks.length < modes.length) return [];
  return [
    {
      kind: "counter",
      name: "system.cpu.time",
      unit: "s",
      help: "CPU of the whole host. Steal is what the host's own hypervisor gave to others.",
      points: modes.map((mode, at) => ({ labels: { "cpu.mode": mode }, value: Number(ticks[at]) / TICKS })),
    },
  ];
}

async function memory(): Promise<MetricFamily[]> {
  const text = await read("/proc/meminfo");
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text)?.[1] ?? NaN) * 1_024;
  const families = [
    single("gauge", "system.memory.limit", "By", "Memory of the host.", bytes("MemTotal")),
    single("gauge", "system.linux.memory.available", "By", "Of it, what programs could still get without swapping.", bytes("MemAvailable")),
    single(
      "gauge",
      "system.memory.shared",
      "By",
      "Of it, files in memory and shared segments: templates of machines are such files.",
      bytes("Shmem"),
    ),
  ];
  return families.filter(({ points: [point] }) => Number.isFinite(point!.value));
}

/** The kernel's pressure stall information. */
async function pressure(): Promise<MetricFamily[]> {
  const points = await Promise.all(["cpu", "memory", "io"].map(pressureOf));
  const help = "How long programs of the host waited for a resource: some of them, or all at once (full).";
  return points.flat().length === 0 ? [] : [{ kind: "counter", name: "mayfly.host.pressure.time", unit: "s", help, points: points.flat() }];
}

async function pressureOf(resource: string): Promise<NumberPoint[]> {
  const text = await read(`/proc/pressure/${resource}`);
  return [...text.matchAll(/^(some|full) .*total=(\d+)$/gm)].map(([, share, total]) => ({
    labels: { resource, share: share! },
    value: Number(total) / 1e6,
  }));
}

/** Pages that the kernel found to be equal and keeps once, where samepage merging is on. */
async function merged(): Promise<MetricFamily[]> {
  const pages = await read("/sys/kernel/mm/ksm/pages_sharing");
  if (pages === "") return [];
  const help = "Memory that the host saves by samepage merging (KSM), of all programs.";
  return [single("gauge", "mayfly.host.memory.merged", "By", help, Number(pages) * PAGE_BYTES)];
}

function cpuOf({ userUs, systemUs }: AllMachines): MetricFamily {
  return {
    kind: "counter",
    name: "mayfly.hypervisor.cpu.time",
    unit: "s",
    help: "CPU of machines' processes on the host: user is guests' code and, without KVM, its translation; system is the host's kernel.",
    points: [
      { labels: { "cpu.mode": "user" }, value: userUs / 1e6 },
      { labels: { "cpu.mode": "system" }, value: systemUs / 1e6 },
    ],
  };
}

async function sharing({ pids }: AllMachines): Promise<MetricFamily[]> {
  if (pids.length === 0) return [];
  const sums = { private: 0, shared: 0, proportional: 0 };
  let translated = 0;
  let emulators = 0;
  for (const pid of pids) {
    const text = await read(`/proc/${pid}/smaps_rollup`);
    sums.private += kilobytes(text, "Private_(?:Clean|Dirty)");
    sums.shared += kilobytes(text, "Shared_(?:Clean|Dirty)");
    sums.proportional += kilobytes(text, "Pss");
    const code = await translatedBy(pid);
    if (code !== undefined) emulators += 1;
    translated += code ?? 0;
  }
  const help =
    "Memory of machines' processes: private to one, shared with others (counted once for each that shares it), and proportional: with what is shared divided by its sharers.";
  const points = Object.entries(sums).map(([state, value]) => ({ labels: { state }, value }));
  const emulator =
    "Without KVM: memory with guests' code as the emulator has translated it, of all machines. Each machine translates what it runs for itself.";
  return [
    { kind: "gauge", name: "mayfly.hypervisor.memory.usage", unit: "By", help, points },
    ...(emulators === 0 ? [] : [single("gauge", "mayfly.emulator.code.size", "By", emulator, translated)]),
  ];
}

/** The sum of a field of smaps, in bytes. */
function kilobytes(text: string, field: string): number {
  return [...text.matchAll(new RegExp(`^${field}: +(\\d+) kB$`, "gm"))].reduce((sum, [, kb]) => sum + Number(kb) * 1_024, 0);
}

/**
 * Bytes that QEMU's emulator has filled with translated code: of all that is mapped, only its buffer for that is both writable and executable. QEMU itself tells them on its
 * monitor only, which clones do not have. Undefined: the process has no such buffer.
 */
async function translatedBy(pid: number): Promise<number | undefined> {
  const maps = await read(`/proc/${pid}/maps`);
  if (!maps.includes(" rwxp ")) return undefined;
  const text = await read(`/proc/${pid}/smaps`);
  return text
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((mapping) => / rwxp 0+ 00:00 0 *$/m.test(mapping.slice(0, mapping.indexOf("\n"))))
    .reduce((sum, mapping) => sum + kilobytes(mapping, "Rss"), 0);
}

/** Empty if the file is not there or may not be read. */
function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
