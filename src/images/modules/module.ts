/** What a module is: the schema of module.json, and of what module.ts exports. docs/images.md tells it to users. */
import { z } from "zod";

const imagePath = z.string().regex(/^\/(?!.*(^|\/)\.\.?(\/|$)).*$/, "must be an absolute path in the image, without . or ..");
const name = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,63}$/, "must be lower-case letters, digits and .+-");
const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, "must be the name of a Debian package");
const command = z.array(z.string()).min(1);

/** Where something comes from: a path in the module's folder, an absolute one of the host, or `debian:PACKAGE/path` of one of `sources`. */
const from = z.string().min(1);

const content = z.union([
  /** A glob: each file lies under `to` as it lies under the part without wildcards; a path without wildcards is put at `to` itself. */
  z.strictObject({ from, to: imagePath, executable: z.boolean().optional(), identity: z.string().optional() }),
  z.strictObject({ text: z.string(), to: imagePath, executable: z.boolean().optional() }),
  z.strictObject({ data: z.instanceof(Uint8Array<ArrayBufferLike>), to: imagePath, executable: z.boolean().optional() }),
  /** All files that the glob finds, by name: one after another, each ended by a newline; or, if they are certificates, as a key store of Java's. */
  z.strictObject({ join: from, to: imagePath, as: z.enum(["text", "java-key-store"]).default("text") }),
]);

const programSchema = z.strictObject({
  from,
  to: imagePath,
  /** Stands for the file's bytes where a step's key is made, so that large ones need not be read. */
  identity: z.string().optional(),
});

const testSchema = z.strictObject({
  name: z.string().min(1),
  /** Run in a booted image, as root, with the image's environment. It must end with 0. */
  command,
  /** What it prints must match this regular expression. */
  prints: z.string().optional(),
});

const kernelSchema = z.strictObject({
  /** A Debian metapackage of kernels. */
  metapackage: debianPackage,
  /** Drivers in the initrd of an agent's image, in the order in which they are loaded. */
  agentDrivers: z.array(z.string()),
  /** Drivers in the initrd of a command image; what they need is found. */
  drivers: z.array(z.string()),
});

export const moduleSchema = z.strictObject({
  name,
  description: z.string().default(""),
  version: z.string().optional(),
  /** Modules, or what modules provide; "./folder" for one beside this one. */
  requires: z.array(z.string().min(1)).default([]),
  provides: z.array(name).default([]),
  folders: z.array(imagePath).default([]),
  files: z.array(content).default([]),
  /** Path in the image → target. */
  links: z.record(imagePath, z.string().min(1)).default({}),
  /** Programs, each with the shared libraries and the interpreter that it needs. */
  programs: z.array(programSchema).default([]),
  /** Debian packages of which only single files are taken: by `debian:…`, and the libraries of `programs`. */
  sources: z.array(debianPackage).default([]),
  debian: z
    .strictObject({
      packages: z.array(debianPackage).min(1),
      /** Dependencies that are done without, and with them what only they need. */
      without: z.array(debianPackage).default([]),
      /** Globs of paths in the image that are left out. */
      omit: z.array(z.string()).default([]),
    })
    .optional(),
  npm: z
    .strictObject({
      /** Name → exact version. */
      dependencies: z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+\S*$/, "must be an exact version")),
      /** The folder that gets node_modules. */
      to: imagePath,
    })
    .optional(),
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/, "must be the name of a variable"), z.string()).default({}),
  init: z.array(command).default([]),
  run: z.strictObject({ command, cwd: imagePath.default("/") }).optional(),
  tests: z.array(testSchema).default([]),
  kernel: kernelSchema.optional(),
  /** Whether the image starts Mayfly's agent, and no command. */
  agent: z.boolean().default(false),
});

type ModuleDefinition = z.output<typeof moduleSchema>;
export type ModuleSource = z.input<typeof moduleSchema>;
export type ModuleContent = z.output<typeof content>;
export type ModuleTest = z.output<typeof testSchema>;

export interface Module extends ModuleDefinition {
  /** The folder that relative paths start from. */
  dir: string;
  /** As it was asked for, for messages. */
  asked: string;
  builtIn: boolean;
}

/** What the function that a module.ts may export is called with. */
export interface ModuleContext {
  /** Another source file for the agent than src/guest/agent/main.ts. */
  agentEntry: string | undefined;
}
