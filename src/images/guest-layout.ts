/** The paths inside a machine: the drivers start the guest by these paths, and the image lays them out. */

export const nodePath = "/bin/node";
export const agentPath = "/mayfly/agent.mjs";
/** An empty folder on which a driver may mount its channel's socket, because the root is read-only. */
export const channelMountPoint = "/channel";

/** An empty folder on which every machine has a file system in memory for the app's files. */
export const taskRootPath = "/var/task";

/** Flags of the agent's Node. The host adds the heap size. */
export const nodeFlags = ["--disable-warning=ExperimentalWarning"];

/** The environment of a machine's first process, to which MAYFLY_CHANNEL is added. HOME is set because the root is read-only. */
export const guestEnvironment: Record<string, string> = {
  HOME: "/tmp",
  LANG: "C.UTF-8",
  NODE_ENV: "production",
  PATH: "/bin",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  TMPDIR: "/tmp",
};

/** The command that runs the agent. @param heapFlags the flags for V8's heap sizes */
export function agentCommand(heapFlags: string[]): string[] {
  return [nodePath, ...nodeFlags, ...heapFlags, agentPath];
}
