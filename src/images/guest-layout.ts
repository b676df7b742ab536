/** Where things are inside a machine. The drivers start the guest by these; the image lays them out. */

export const nodePath = "/bin/node";
export const agentPath = "/mayfly/agent.mjs";
/** An empty folder that a driver may mount its channel's socket on (the root itself is read-only). */
export const channelMountPoint = "/channel";

/** Flags that the agent's Node starts with. The host adds the size of the heap. */
export const nodeFlags = ["--disable-warning=ExperimentalWarning"];

/** What a machine's first process is given; MAYFLY_CHANNEL comes on top. HOME: the root is read-only. */
export const guestEnvironment: Record<string, string> = {
  HOME: "/tmp",
  LANG: "C.UTF-8",
  NODE_ENV: "production",
  PATH: "/bin",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  TMPDIR: "/tmp",
};

/** The command line that runs the agent. @param heapFlags the sizes of V8's heap */
export function agentCommand(heapFlags: string[]): string[] {
  return [nodePath, ...nodeFlags, ...heapFlags, agentPath];
}
