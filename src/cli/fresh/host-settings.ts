/**
 * Copies those settings of this host that programs may need to reach package registries: proxies, certificate authorities, settings of apt
 * and npm. No settings of a particular network are built in.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const bundle = "/etc/ssl/certs/ca-certificates.crt";

/** To be called before the first apt-get inside. */
export function copyNetworkSettings(root: string): void {
  // Copies the content, not the link: a link may lead to a file that only a running system has.
  for (const file of ["/etc/resolv.conf", "/etc/hosts"]) if (existsSync(file)) writeFileSync(join(root, file), readFileSync(file));
  writeFileSync(
    join(root, "etc/apt/apt.conf.d/00host"),
    aptSettings(execFileSync("apt-config", ["dump", "Acquire"], { encoding: "utf8" })),
  );
}

/**
 * The settings that say how apt fetches, without those that say what it fetches or how it uses it. @param dump the output of apt-config
 * dump
 */
export function aptSettings(dump: string): string {
  const lines = dump
    .split("\n")
    .filter((line) => line.startsWith("Acquire::") && !/^Acquire::(IndexTargets|CompressionTypes|Changelogs)\b/.test(line));
  return `${lines.join("\n")}\n`;
}

/**
 * Copies certificates that this host trusts and a fresh Debian does not, such as a proxy's, to where update-ca-certificates picks them up.
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

/** Copies npm's settings files unchanged, because a registry may need more than an address. The copies are readable by root only. */
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

/** The environment variables for programs inside. */
export function freshEnvironment(hasAuthorities: boolean): Record<string, string> {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no|all|ftp)_proxy$/i.test(name));
  return {
    ...(Object.fromEntries(proxies) as Record<string, string>),
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    NPM_CONFIG_GLOBALCONFIG: globalNpmrc,
    // Node has authorities of its own, and reads the system's file only if told to.
    ...(hasAuthorities && { NODE_EXTRA_CA_CERTS: bundle, NPM_CONFIG_CAFILE: bundle }),
  };
}
