/** The basis of every root: mount points, a small /etc, certificate authorities. It contains no program. */
import { etcFiles } from "../../../etc-files.ts";
import { layersPath, layersTarget, taskRootPath } from "../../../guest-layout.ts";
import type { ModuleSource } from "../../module.ts";

const base: ModuleSource = {
  name: "base",
  description: "mount points, /etc, certificate authorities",
  requires: ["kernel-linux"],
  sources: ["ca-certificates"],
  folders: ["/dev", "/proc", "/run", "/sys", "/tmp", taskRootPath],
  files: [
    ...Object.entries(etcFiles).map(([name, text]) => ({ text, to: `/etc/${name}` })),
    // The same file that update-ca-certificates makes.
    { join: "debian:ca-certificates/usr/share/ca-certificates/mozilla/*.crt", to: "/etc/ssl/certs/ca-certificates.crt" },
  ],
  links: { "/var/tmp": "../tmp", [layersPath]: layersTarget },
  env: {
    HOME: "/tmp",
    LANG: "C.UTF-8",
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
    TMPDIR: "/tmp",
  },
};

export default base;
