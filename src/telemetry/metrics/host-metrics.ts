/**
 * What the host and its hypervisors do, from /proc and the control group of all machines. What a host does not tell is left out: a page of
 * metrics never fails for it.
 *
 * Nothing of this is asked of guests. Steal time is there where this host is itself a virtual machine.
 */
import { readFile } from "node:fs/promises";
import { type AllMachines, lookAtAllMachines } from "../../machines/host/cgroup/all-machines.ts";
import { type MetricFamily, type NumberPoint, single } from "./metric.ts";

/** /proc/stat counts in hundredths of a second. */
const TICKS = 100;
const modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
const PAGE_BYTES = 4_096;
/** Of machines' processes, how many are looked at for what they share: the kernel goes through all their pages for that. */
const MOST_PROCESSES = 200;

export async function hostMetrics(): Promise<MetricFamily[]> {
  const families = await Promise.all([cpu(), memory(), pressure(), merged(), machines()]);
  return families.flat();
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

async function machines(): Promise<MetricFamily[]> {
  const all = await lookAtAllMachines(MOST_PROCESSES).catch(() => undefined);
  if (all === undefined) return [];
  return [
    {
      kind: "counter",
      name: "mayfly.hypervisor.cpu.time",
      unit: "s",
      help: "CPU of machines' processes on the host: user is guests' code and, without KVM, its translation; system is the host's kernel.",
      points: [
        { labels: { "cpu.mode": "user" }, value: all.userUs / 1e6 },
        { labels: { "cpu.mode": "system" }, value: all.systemUs / 1e6 },
      ],
    },
    ...(await sharing(all)),
  ];
}

async function sharing({ pids }: AllMachines): Promise<MetricFamily[]> {
  const sums = { private: 0, shared: 0, proportional: 0 };
  for (const pid of pids) {
    const text = await read(`/proc/${pid}/smaps_rollup`);
    const sum = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}: +(\\d+) kB$`, "gm"))].reduce((all, [, kb]) => all + Number(kb) * 1_024, 0);
    sums.private += sum("Private_(?:Clean|Dirty)");
    sums.shared += sum("Shared_(?:Clean|Dirty)");
    sums.proportional += sum("Pss");
  }
  const help =
    "Memory of machines' processes: private to one, shared with others (counted once for each that shares it), and proportional: with what is shared divided by its sharers.";
  const points = Object.entries(sums).map(([state, value]) => ({ labels: { state }, value }));
  return pids.length === 0 ? [] : [{ kind: "gauge", name: "mayfly.hypervisor.memory.usage", unit: "By", help, points }];
}

/** Empty if the file is not there or may not be read. */
function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
