import { realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { makeFolder } from "../../store/state-folder/make-folder.ts";
import { commandName } from "../command-name.ts";
import { passedOverInWords } from "../plan-text.ts";
import { readToolFile, refuseToolOptions, type ToolFileOptions, toolFileOf, withToolFileOptions } from "../tool-file.ts";

export function define(command: Command): void {
  command
    .argument("[dir]", "folder to write to; created if it does not exist", ".")
    .addOption(new Option("--runtime <name>", "what the function is written for").choices(Object.keys(beginnings)).default("node"))
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWrites mayfly.json and a function that greets, and overwrites nothing. With --from, writes the mayfly.json for the functions of another tool's file, beside their code.\n\nExamples:\n  mayfly init shop && mayfly deploy shop\n  mayfly init shop --runtime python\n  mayfly init --from serverless.yml",
    )
    .action((dir: string, options: InitOptions) => (options.from === undefined ? init(dir, options) : leave(options)));
  withToolFileOptions(command);
}

type InitOptions = ToolFileOptions & { runtime: keyof typeof beginnings; json?: true };

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
    if (options.json) return console.log(JSON.stringify({ app: name, dir: group.root, files: ["mayfly.json"], passedOver }));
    const dir = relative("", group.root) || ".";
    console.log(`Wrote ${join(dir, "mayfly.json")}. Next:\n  ${commandName} deploy ${quoted(dir)}`);
    for (const line of passedOverInWords(passedOver)) console.log(line);
  });
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** What an app begins with. */
interface Beginning {
  /** The function, beside the file's name. */
  function: Record<string, string>;
  file: string;
  source: string;
}

const beginnings = {
  node: {
    function: { entry: "hello.ts" },
    file: "hello.ts",
    source: `export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return new Response(\`Hello, \${name}!\\n\`);
  },
};
`,
  },
  python: {
    function: { entry: "hello.py" },
    file: "hello.py",
    source: `def handler(event, context):
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": f"Hello, {name}!\\n"}
`,
  },
  java: {
    function: { entry: "Hello.java", handler: "Hello" },
    file: "Hello.java",
    source: `import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

public class Hello implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    Map<?, ?> query = (Map<?, ?>) event.getOrDefault("queryStringParameters", Map.of());
    Object name = query.containsKey("name") ? query.get("name") : "world";
    return Map.of("statusCode", 200, "headers", Map.of("content-type", "text/plain"), "body", "Hello, " + name + "!\\n");
  }
}
`,
  },
} satisfies Record<string, Beginning>;

function init(dir: string, options: InitOptions): void {
  refuseToolOptions(options);
  const folder = resolve(dir);
  const app = appName(folder);
  const { file, source, function: hello } = beginnings[options.runtime];
  const files = { "mayfly.json": manifest(app, options.runtime, hello), [file]: source };
  makeFolder(folder);
  for (const [name, text] of Object.entries(files)) writeNew(join(folder, name), text);
  console.log(
    options.json ? JSON.stringify({ app, dir: folder, files: Object.keys(files) }) : nextSteps(app, file, relative("", folder) || "."),
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

function manifest(name: string, runtime: string, hello: object): string {
  return `${JSON.stringify({ name, ...(runtime !== "node" && { runtime }), functions: { hello } }, undefined, 2)}\n`;
}

/** As a POSIX shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function nextSteps(app: string, file: string, dir: string): string {
  return `Wrote mayfly.json and ${file}. Next:\n  ${commandName} deploy ${quoted(dir.startsWith("-") ? `./${dir}` : dir)}\n  ${commandName} invoke ${app}/hello`;
}
