/** The schema of module.json, and of what module.ts exports. docs/images.md explains it to users. */
import { z } from "zod";
import { agents } from "../../base/kind/machine-kind.ts";

const imagePath = z.string().regex(/^\/(?!.*(^|\/)\.\.?(\/|$)).*$/, "must be an absolute path in the image, without . or ..");
const name = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,63}$/, "must be lower-case letters, digits and .+-");
const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, "must be the name of a Debian package");
const command = z.array(z.string()).min(1);

/** A source of files: a path in the module's folder, an absolute path of the host, or `debian:PACKAGE/path` for a package of `sources`. */
const from = z.string().min(1);

const content = z.union([
  /**
   * A glob: each file keeps below `to` the path that it has below the part without wildcards. A path without wildcards is laid at `to`
   * itself.
   */
  z.strictObject({ from, to: imagePath, executable: z.boolean().optional(), identity: z.string().optional() }),
  z.strictObject({ text: z.string(), to: imagePath, executable: z.boolean().optional() }),
  z.strictObject({ data: z.instanceof(Uint8Array<ArrayBufferLike>), to: imagePath, executable: z.boolean().optional() }),
  /**
   * All files that match the glob, by name: concatenated, each followed by a newline, or, if they are certificates, as a Java key store.
   */
  z.strictObject({ join: from, to: imagePath, as: z.enum(["text", "java-key-store"]).default("text") }),
]);

const programSchema = z.strictObject({
  from,
  to: imagePath,
  /** A text that stands for the file's bytes in a step's key, so that large files need not be read. */
  identity: z.string().optional(),
});

export const moduleTestSchema = z.strictObject({
  name: z.string().min(1),
  /** Runs in a booted image, as root, with the image's environment. It must exit with 0. */
  command,
  /** A regular expression that its output must match. */
  prints: z.string().optional(),
});

const kernelSchema = z.strictObject({
  /** A Debian metapackage of kernels. */
  metapackage: debianPackage,
  /** Drivers in the initrd of an agent's image, in the order in which they are loaded. */
  agentDrivers: z.array(z.string()),
  /** Drivers that lie in the root of an agent's image, for machines that come to need them; their dependencies are added. */
  agentSpareDrivers: z.array(z.string()).default([]),
  /** Drivers in the initrd of a command image; their dependencies are added. */
  drivers: z.array(z.string()),
});

export const moduleSchema = z.strictObject({
  name,
  description: z.string().default(""),
  version: z.string().optional(),
  /** Modules, or capabilities that modules provide; "./folder" for a folder beside this module. */
  requires: z.array(z.string().min(1)).default([]),
  provides: z.array(name).default([]),
  folders: z.array(imagePath).default([]),
  files: z.array(content).default([]),
  /** Path in the image → target. */
  links: z.record(imagePath, z.string().min(1)).default({}),
  /** Programs; each brings its shared libraries and its interpreter. */
  programs: z.array(programSchema).default([]),
  /** Debian packages from which only single files are taken: those named by `debian:…`, and libraries of `programs`. */
  sources: z.array(debianPackage).default([]),
  debian: z
    .strictObject({
      packages: z.array(debianPackage).min(1),
      /** Dependencies to leave out, together with what only they need. */
      without: z.array(debianPackage).default([]),
      /** Globs of paths in the image to leave out. */
      omit: z.array(z.string()).default([]),
    })
    .optional(),
  npm: z
    .strictObject({
      /** Name → exact version. */
      dependencies: z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+\S*$/, "must be an exact version")),
      /** The folder in which node_modules is created. */
      to: imagePath,
    })
    .optional(),
  /** Folders in the image whose Python files are compiled for its Python 3. */
  pythonBytecode: z.array(imagePath).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/, "must be the name of a variable"), z.string()).default({}),
  init: z.array(command).default([]),
  run: z.strictObject({ command, cwd: imagePath.default("/") }).optional(),
  tests: z.array(moduleTestSchema).default([]),
  kernel: kernelSchema.optional(),
  /** The runtime whose agent, which is Mayfly's, the image starts instead of a command. */
  agent: z.enum(agents).optional(),
});

type ModuleDefinition = z.output<typeof moduleSchema>;
export type ModuleSource = z.input<typeof moduleSchema>;
export type ModuleContent = z.output<typeof content>;
export type ModuleTest = z.output<typeof moduleTestSchema>;

export interface Module extends ModuleDefinition {
  /** The folder against which relative paths are resolved. */
  dir: string;
  /** The name as requested, for messages. */
  asked: string;
  builtIn: boolean;
}

/** The argument with which the function exported by a module.ts is called. */
export interface ModuleContext {
  /** The source file of an agent other than src/guest/agent/main.ts. */
  agentEntry: string | undefined;
  /** Where a module may keep what it makes. */
  cacheDir: string;
  progress: (step: string) => void;
}
