import { MayflyError } from "../errors/error.ts";

/** For each system error code: why a program can't listen on an address, and what to do about it. */
const failures: Record<string, { what: string; cure: string }> = {
  EADDRNOTAVAIL: {
    what: "this host has no such address",
    cure: "Name an address of this host (`ip address` shows them). If its network comes up later, start Mayfly after it: `mayfly install` does.",
  },
  EACCES: {
    what: "this user may not listen on a port below 1024",
    cure: "Choose a port from 1024, run as root, or give the program CAP_NET_BIND_SERVICE.",
  },
  EPERM: { what: "the system forbids it", cure: "Look for what confines this program: a seccomp filter, AppArmor, a container." },
  EAFNOSUPPORT: { what: "this host has no IPv6", cure: "Name an IPv4 address." },
  EINVAL: {
    what: "it is not an address that can be listened on",
    cure: "Name an address of this host; a link-local one with its interface: [fe80::1%eth0].",
  },
  ENOTFOUND: { what: "the name has no address", cure: "Correct the name, or write the address itself." },
  EAI_AGAIN: { what: "the name cannot be looked up now", cure: "Write the address itself, or start Mayfly when names can be looked up." },
  EMFILE: { what: "this process has no descriptors left", cure: "Raise its limit of open files: `ulimit -n`, or LimitNOFILE of its unit." },
};

/** @param key the setting or option that names the address */
export function listenFailure(error: unknown, address: string, key: string): MayflyError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return new MayflyError("port-in-use", { address, key }, error);
  const { what, cure } = failures[code] ?? { what: message, cure: "Choose another address." };
  return new MayflyError("address-unusable", { address, key, what, cure }, error);
}
