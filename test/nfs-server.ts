/** A real NFS server for tests: Debian's nfs-ganesha from the cache, in a network namespace of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { loadConfig } from "../src/base/config/load.ts";
import { until } from "../src/base/clock/until.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../src/images/debian/program-root.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

export interface NfsServer {
  address: string;
  /** What an operator's egress.allow lists of it. */
  entries: string[];
  /** The folder of this host that is exported as /export. */
  folder: string;
  /** Ends it, as when its power fails. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Lets it hang: the kernel goes on to accept connections. */
  freeze(): void;
  thaw(): void;
  /** What it has logged lately. */
  log(): string;
}

const PORT = 2_049;
const MOUNT_PORT = 20_048;
/** Seconds for which a server that starts waits for the clients that it had. */
const GRACE = 20;
/** Seconds after which it forgets a client that it does not hear of, if a test does not say otherwise: one that is stopped, or waits for a busy host. */
const LEASE = 120;

/**
 * Needs root, like tests of VMs.
 *
 * @param subnet the third number of its addresses: each server has its own, because test files run at the same time
 * @param lease seconds after which it forgets a client that it does not hear of
 */
export async function startNfsServer(scope: Scope, subnet: number, lease = LEASE): Promise<NfsServer> {
  const packages = ["nfs-ganesha", "nfs-ganesha-vfs"];
  const root = await fetchProgramRoot({ suite: imageSuite, packages, cacheDir: loadConfig({}).cacheDir });
  const home = temporaryFolder(scope);
  const folder = join(home, "export");
  for (const name of ["export", "state"]) mkdirSync(join(home, name));
  const address = `10.254.${subnet}.2`;
  const space = makeSpace(scope, subnet, address);
  const config = join(home, "ganesha.conf");
  writeFileSync(config, configuration({ root, home, address, lease }));
  const rpcbind = await hostCommand(root, "/usr/sbin/rpcbind");
  const ganesha = await hostCommand(root, "/usr/bin/ganesha.nfsd");
  // The modules of ganesha are linked to libraries in the folder of these.
  const libraries = `${join(root, "usr/lib/x86_64-linux-gnu")}:${join(root, "usr/lib/ganesha")}`;
  const log = join(home, "ganesha.log");
  writeFileSync(log, "");
  layEtc(root, join(home, "etc"));
  // What both leave in /run is this space's alone.
  const script = `mount -t tmpfs tmpfs /run && mount --bind ${home}/etc /etc && ${rpcbind.join(" ")} && exec ${withLibraries(ganesha, libraries).join(" ")} -F -f ${config} -L ${log} -p ${home}/pid -N NIV_EVENT`;
  let server: ChildProcess | undefined;
  const stop = async () => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  const start = async () => {
    server = spawn(
      "ip",
      ["netns", "exec", space, "unshare", "--mount", "--pid", "--kill-child", "--fork", "--mount-proc", "sh", "-c", script],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const what = () => `a server at ${address}:\n${readFileSync(log, "utf8").slice(-4_000)}`;
    await until(() => answers(address), { what: "the NFS server", ms: 60_000, everyMs: 100 }).catch((error: unknown) =>
      Promise.reject(new Error(what(), { cause: error })),
    );
  };
  await start();
  afterwards(scope, stop);
  const signal = (name: "SIGSTOP" | "SIGCONT") => {
    // The server is the child of the process that made its space.
    const own = server!.pid!;
    process.kill(Number(readFileSync(`/proc/${own}/task/${own}/children`, "utf8").trim()), name);
  };
  return {
    address,
    entries: [PORT, MOUNT_PORT].map((port) => `${address}:${port}`),
    folder,
    stop,
    start,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    log: () => readFileSync(log, "utf8").slice(-2_000),
  };
}

function makeSpace(scope: Scope, subnet: number, address: string): string {
  const [name, host, guest] = [
    `mayfly-nfs-${process.pid}-${subnet}`,
    `mfn${process.pid % 100_000}h${subnet}`,
    `mfn${process.pid % 100_000}g${subnet}`,
  ];
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
  ip("netns", "add", name);
  afterwards(scope, () => void ip("netns", "delete", name));
  ip("link", "add", host, "type", "veth", "peer", "name", guest, "netns", name);
  ip("addr", "add", `10.254.${subnet}.1/30`, "dev", host);
  ip("link", "set", host, "up");
  ip("-n", name, "addr", "add", `${address}/30`, "dev", guest);
  ip("-n", name, "link", "set", guest, "up");
  ip("-n", name, "link", "set", "lo", "up");
  return name;
}

/** What both look up. NFS 3 registers with it, although nobody asks it. */
function layEtc(root: string, folder: string): void {
  mkdirSync(folder);
  cpSync(join(root, "etc/netconfig"), join(folder, "netconfig"));
  writeFileSync(join(folder, "services"), "sunrpc 111/tcp portmapper\nsunrpc 111/udp portmapper\n");
  writeFileSync(join(folder, "passwd"), "root:x:0:0::/:/bin/sh\n_rpc:x:0:0::/:/bin/sh\n");
  writeFileSync(join(folder, "group"), "root:x:0:\n");
  // Where ganesha looks for the file system of a folder.
  symlinkSync("/proc/self/mounts", join(folder, "mtab"));
}

/** Lets the loader look into further folders. */
function withLibraries(command: string[], folders: string): string[] {
  return command.map((word, at) => (command[at - 1] === "--library-path" ? `${word}:${folders}` : word));
}

async function answers(address: string): Promise<boolean> {
  const socket = connect({ host: address, port: PORT });
  const done = await Promise.race([once(socket, "connect").then(() => true), once(socket, "error").then(() => false)]).catch(() => false);
  socket.destroy();
  return done;
}

function configuration({ root, home, address, lease }: { root: string; home: string; address: string; lease: number }): string {
  return `
NFS_CORE_PARAM { Bind_addr = ${address}; NFS_Port = ${PORT}; MNT_Port = ${MOUNT_PORT}; Protocols = 3, 4; mount_path_pseudo = true; Enable_NLM = false; Enable_RQUOTA = false;
  Enable_UDP = false; Plugins_Dir = "${join(root, "usr/lib/x86_64-linux-gnu/ganesha")}"; }
NFSV4 { UseGetpwnam = true; Only_Numeric_Owners = true; Grace_Period = ${GRACE}; Lease_Lifetime = ${lease}; RecoveryBackend = fs; RecoveryRoot = "${join(home, "state")}"; }
NFS_KRB5 { Active_krb5 = false; }
DIRECTORY_SERVICES { DomainName = "localdomain"; }
EXPORT { Export_Id = 1; Path = ${join(home, "export")}; Pseudo = /export; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Protocols = 3, 4;
  Transports = TCP; FSAL { Name = VFS; } }
`;
}
