import { writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { makeFolder } from "../../store/state-folder/make-folder.ts";
import { commandName } from "../command-name.ts";

export function define(command: Command): void {
  command
    .argument("[dir]", "folder to write to; created if it does not exist", ".")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWrites mayfly.json and hello.ts, and overwrites nothing.\n\nExample:\n  mayfly init shop && mayfly deploy shop",
    )
    .action(init);
}

function init(dir: string, options: { json?: true }): void {
  const folder = resolve(dir);
  const app = appName(folder);
  const files = { "mayfly.json": manifest(app), "hello.ts": source };
  makeFolder(folder);
  for (const [name, text] of Object.entries(files)) writeNew(join(folder, name), text);
  console.log(options.json ? JSON.stringify({ app, dir: folder, files: Object.keys(files) }) : nextSteps(app, relative("", folder) || "."));
}

/** Creates the file exclusively, so that an existing file is never changed. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new MayflyError("file-exists", { file }, error);
    throw error;
  }
}

/** The folder's name, reduced to the characters that an app's name allows. */
function appName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return name || "app";
}

function manifest(name: string): string {
  return `${JSON.stringify({ name, functions: { hello: { entry: "hello.ts" } } }, undefined, 2)}\n`;
}

const source = `export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return new Response(\`Hello, \${name}!\\n\`);
  },
};
`;

/** As a POSIX shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function nextSteps(app: string, dir: string): string {
  return `Wrote mayfly.json and hello.ts. Next:\n  ${commandName} deploy ${quoted(dir.startsWith("-") ? `./${dir}` : dir)}\n  ${commandName} invoke ${app}/hello`;
}
