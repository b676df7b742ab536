/** What of this host's settings the way to the registries may need: proxies, authorities, apt's and npm's settings. Nothing is known by name of place. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const bundle = "/etc/ssl/certs/ca-certificates.crt";

/** Before the first apt-get inside. */
export function copyNetworkSettings(root: string): void {
  // What they lead to, as a link may lead to what only a running system has.
  for (const file of ["/etc/resolv.conf", "/etc/hosts"]) if (existsSync(file)) writeFileSync(join(root, file), readFileSync(file));
  writeFileSync(
    join(root, "etc/apt/apt.conf.d/00host"),
    aptSettings(execFileSync("apt-config", ["dump", "Acquire"], { encoding: "utf8" })),
  );
}

/** How apt fetches; not what it fetches, nor what it makes of that. @param dump of apt-config */
export function aptSettings(dump: string): string {
  const lines = dump
    .split("\n")
    .filter((line) => line.startsWith("Acquire::") && !/^Acquire::(IndexTargets|CompressionTypes|Changelogs)\b/.test(line));
  return `${lines.join("\n")}\n`;
}

/**
 * Certificates that this host trusts, and a Debian does not of itself, as a proxy's: they become files that update-ca-certificates takes up.
 * Returns whether there are any.
 */
export function copyAuthorities(root: string): boolean {
  const known = new Set(certificatesIn(join(root, bundle)));
  const files = [bundle, process.env["NODE_EXTRA_CA_CERTS"], process.env["SSL_CERT_FILE"], npmSetting("cafile")];
  const own = new Set(files.flatMap((file) => (file === undefined ? [] : certificatesIn(file)))).difference(known);
  const folder = join(root, "usr/local/share/ca-certificates");
  mkdirSync(folder, { recursive: true });
  for (const [index, certificate] of [...own].entries()) writeFileSync(join(folder, `host-${index}.crt`), `${certificate}\n`);
  return own.size > 0;
}

function certificatesIn(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** npm's files as they are: a registry may want more than an address. They lie where only root may read. */
export function copyNpmSettings(root: string): void {
  for (const [setting, inside] of [
    ["userconfig", "/root/.npmrc"],
    ["globalconfig", globalNpmrc],
  ] as const) {
    const file = npmSetting(setting);
    if (file === undefined || !existsSync(file)) continue;
    mkdirSync(dirname(join(root, inside)), { recursive: true });
    copyFileSync(file, join(root, inside));
  }
}

const globalNpmrc = "/etc/npmrc";

function npmSetting(name: string): string | undefined {
  const value = execFileSync("npm", ["config", "get", name], { cwd: "/", encoding: "utf8" }).trim();
  return ["", "null", "undefined"].includes(value) ? undefined : value;
}

/** The variables that programs inside get. */
export function freshEnvironment(hasAuthorities: boolean): Record<string, string> {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no|all|ftp)_proxy$/i.test(name));
  return {
    ...(Object.fromEntries(proxies) as Record<string, string>),
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    NPM_CONFIG_GLOBALCONFIG: globalNpmrc,
    // Node brings authorities of its own, and looks at no file of the system's unless told to.
    ...(hasAuthorities && { NODE_EXTRA_CA_CERTS: bundle, NPM_CONFIG_CAFILE: bundle }),
  };
}
