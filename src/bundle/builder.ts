/**
 * Runs esbuild for the bundles of functions: each time anew for a deploy, or with what it remembers of the time before for `mayfly dev`, where the
 * same functions are bundled at every save.
 */
import { join } from "node:path";
import type { BuildContext, BuildOptions, BuildResult, Plugin, PluginBuild } from "esbuild";
import { build, context } from "../base/esbuild/esbuild.ts";

export type Built = BuildResult<{ metafile: true; write: false }>;

/** @param slot names what is bundled and how: two builds of the same slot are likely to be of the same files */
export type Builder = (slot: string, options: BuildOptions) => Promise<Built>;

export const buildAnew: Builder = (_slot, options) => build({ ...options, metafile: true, write: false });

/** Owns: a context of esbuild for each slot, which has read and parsed the files of the build before. */
export class RememberingBuilder {
  readonly #slots = new Map<string, Remembered>();

  readonly build: Builder = async (slot, options) => {
    const known = this.#slots.get(slot);
    if (known?.takes(options) === true) return known.rebuild();
    await known?.dispose();
    const remembered = new Remembered(options);
    this.#slots.set(slot, remembered);
    return remembered.rebuild();
  };

  /** The absolute paths of all files that the last builds have read. */
  inputs(): Set<string> {
    return new Set([...this.#slots.values()].flatMap(({ inputs }) => inputs));
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((each) => each.dispose()));
    this.#slots.clear();
  }
}

type Kind = "onResolve" | "onLoad";

/** What the plugins of a build have registered. */
interface Handler {
  kind: Kind;
  options: { filter: RegExp; namespace?: string };
  callback: (args: never) => unknown;
}

/**
 * A context of esbuild, whose plugins are fixed when it is made. The plugins of later builds take their places if they register for the same files: the context
 * asks one plugin of its own, which asks those of the present build.
 */
class Remembered {
  inputs: string[] = [];
  readonly #plain: string;
  readonly #root: string;
  #context: Promise<BuildContext<{ metafile: true; write: false }>> | undefined;
  #handlers: Handler[] = [];
  #plugins: Plugin[];
  /** That of the context's own plugin, by which the others ask esbuild to resolve. */
  #build: PluginBuild | undefined;
  readonly #options: BuildOptions;

  constructor(options: BuildOptions) {
    const { plugins = [], ...plain } = options;
    this.#plain = JSON.stringify(plain);
    this.#root = plain.absWorkingDir ?? "";
    this.#plugins = plugins;
    this.#options = plain;
  }

  /** Whether the context can do this build. If so, the plugins of this one are in place. */
  takes({ plugins = [], ...plain }: BuildOptions): boolean {
    if (this.#build === undefined || JSON.stringify(plain) !== this.#plain) return false;
    const handlers = registeredBy(plugins, this.#build);
    const isSame = handlers.length === this.#handlers.length && handlers.every((each, at) => isAlike(each, this.#handlers[at]!));
    if (isSame) this.#handlers = handlers;
    return isSame;
  }

  async rebuild(): Promise<Built> {
    this.#context ??= context({ ...this.#options, plugins: [this.#relay()], metafile: true, write: false });
    const built = await (await this.#context).rebuild();
    this.inputs = Object.keys(built.metafile.inputs).map((file) => join(this.#root, file));
    return built;
  }

  async dispose(): Promise<void> {
    // A context that could not be made needs no end.
    const made = await this.#context?.catch(() => undefined);
    await made?.dispose();
  }

  #relay(): Plugin {
    return {
      name: "remembered",
      setup: (own) => {
        this.#build = own;
        this.#handlers = registeredBy(this.#plugins, own);
        this.#plugins = [];
        // A handler of esbuild's, which turns what it throws into an error of the build.
        for (const [at, { kind, options }] of this.#handlers.entries())
          own[kind](options, ((args: never) => this.#handlers[at]!.callback(args)) as never);
      },
    };
  }
}

/** @param own what is used for all but registering */
function registeredBy(plugins: Plugin[], own: PluginBuild): Handler[] {
  const handlers: Handler[] = [];
  const register =
    (kind: Kind): PluginBuild[Kind] =>
    (options: Handler["options"], callback: (args: never) => unknown) =>
      void handlers.push({ kind, options, callback });
  const build = { ...own, onResolve: register("onResolve"), onLoad: register("onLoad") } as PluginBuild;
  for (const plugin of plugins) void plugin.setup(build);
  return handlers;
}

function isAlike(a: Handler, b: Handler): boolean {
  return a.kind === b.kind && a.options.namespace === b.options.namespace && String(a.options.filter) === String(b.options.filter);
}
