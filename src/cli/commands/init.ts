import { realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { makeFolder } from "../../store/state-folder/make-folder.ts";
import { renderTable } from "../../base/terminal/table.ts";
import { commandName } from "../command-name.ts";
import { passedOverInWords } from "../plan-text.ts";
import { type Template, type TemplateName, templates } from "../templates.ts";
import { readToolFile, refuseToolOptions, type ToolFileOptions, toolFileOf, withToolFileOptions } from "../tool-file.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  command
    .argument("[dir]", "folder to write to; created if it does not exist", ".")
    .addOption(new Option("--runtime <name>", "what the function is written for").choices([...runtimes]).default("node"))
    .addOption(new Option("--template <name>", "what to start from, instead").choices(Object.keys(templates)).conflicts("from"))
    .option("--list", "list the templates")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWrites mayfly.json and a function that greets, and overwrites nothing. With --from, writes the mayfly.json for the functions of another tool's file, beside their code.\n\nExamples:\n  mayfly init shop && mayfly dev shop\n  mayfly init shop --template hono\n  mayfly init --list\n  mayfly init shop --runtime python\n  mayfly init --from serverless.yml",
    )
    .action((dir: string, options: InitOptions) => (options.from === undefined ? init(dir, options) : leave(options)));
  withToolFileOptions(command);
}

const runtimes = ["node", "python", "java"] as const;

type InitOptions = ToolFileOptions & { runtime: (typeof runtimes)[number]; template?: TemplateName; list?: true; json?: true };

/** Writes a mayfly.json that says what another tool's file says. */
async function leave(options: InitOptions): Promise<void> {
  const found = toolFileOf(".", options)!;
  await readToolFile(found, options, async ({ groups, written, passedOver, manifest: { name } }) => {
    const [group, other] = groups;
    const refuse = (what: string) =>
      new MayflyError("not-done", { what: `${what}; \`${commandName} deploy\` reads ${options.from} as it is` });
    if (group === undefined || other !== undefined)
      throw refuse(
        `one mayfly.json is for code in one folder, and ${options.from} has its code in several: ${groups.map(({ root }) => root).join(", ")}`,
      );
    if (!isWithin(group.root, realpathSync(dirname(found.file))))
      throw refuse(`code of ${options.from} stands in that file itself, or is put together from several folders`);
    const { files } = group;
    writeNew(join(group.root, "mayfly.json"), `${JSON.stringify({ ...written, ...(files.length > 0 && { files }) }, undefined, 2)}\n`);
    if (options.json) return console.log(asJson("init", { app: name, dir: group.root, files: ["mayfly.json"], passedOver }));
    const dir = relative("", group.root) || ".";
    console.log(`Wrote ${join(dir, "mayfly.json")}. Next:\n  ${commandName} deploy ${quoted(dir)}`);
    for (const line of passedOverInWords(passedOver)) console.log(line);
  });
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function init(dir: string, options: InitOptions): void {
  if (options.list) return list(options);
  refuseToolOptions(options);
  const name = options.template ?? options.runtime;
  const template: Template = templates[name];
  const folder = resolve(dir);
  const app = appName(folder);
  const files = { "mayfly.json": `${JSON.stringify({ name: app, ...template.manifest }, undefined, 2)}\n`, ...template.files };
  makeFolder(folder);
  for (const [file, text] of Object.entries(files)) {
    if (dirname(file) !== ".") makeFolder(join(folder, dirname(file)));
    writeNew(join(folder, file), text);
  }
  const { before } = template;
  if (options.json) return console.log(asJson("init", { app, dir: folder, template: name, files: Object.keys(files), before }));
  console.log(nextSteps(app, template, Object.keys(files), relative("", folder) || "."));
}

function list({ json }: InitOptions): void {
  const all = Object.entries(templates).map(([name, { what }]) => ({ name, what }));
  if (json) return console.log(asJson("init", all));
  console.log(
    renderTable(
      [
        { title: "TEMPLATE", cell: ({ name }) => name },
        { title: "WHAT", cell: ({ what }) => what },
      ],
      all,
    ),
  );
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

/** As a POSIX shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function nextSteps(app: string, { manifest, before }: Template, files: string[], dir: string): string {
  const folder = quoted(dir.startsWith("-") ? `./${dir}` : dir);
  const [called = ""] = Object.keys(manifest.functions ?? {});
  const first = before.map((command) => (dir === "." ? `  ${command}` : `  (cd ${folder} && ${command})`));
  const wrote = `Wrote ${files.slice(0, -1).join(", ")} and ${files.at(-1)!}. Next:`;
  return [
    wrote,
    ...first,
    `  ${commandName} dev ${folder}`,
    `or, where a server runs:`,
    `  ${commandName} deploy ${folder}`,
    `  ${commandName} invoke ${app}/${called}`,
  ].join("\n");
}
