/** What a running server tells its operator of its host: the images and templates in the cache, and the doctor's findings. It changes nothing. */
import type { Config } from "../base/config/schema.ts";
import { type ImageDescription, listImages } from "../images/image.ts";
import { namesById } from "../images/inventory/names.ts";
import { listTemplates, type TemplateListed } from "../images/inventory/templates.ts";
import { listOsvImages, type OsvImageDescription } from "../images/osv/osv-image.ts";
import { doctorInside } from "./doctor.ts";
import type { Finding } from "./finding.ts";

interface ImageListed {
  id: string;
  names: string[];
  /** Its modules with their versions, those apart that every image has. */
  modules: string[];
  kernel: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  builtAt: number;
}

export interface HostLook {
  /** The newest first. */
  images(): Promise<ImageListed[]>;
  templates(): Promise<TemplateListed[]>;
  /** Starts a few programs to ask them for their versions. */
  doctor(): Promise<Finding[]>;
}

export function lookAtHost(config: Pick<Config, "cacheDir" | "stateDir">): HostLook {
  const { cacheDir } = config;
  return {
    async images() {
      const names = await namesById(cacheDir);
      const all = [...(await listImages(cacheDir)).map(linuxImage), ...(await listOsvImages(cacheDir)).map(osvImage)];
      return all.map((image) => Object.assign(image, { names: names.get(image.id) ?? [] })).toSorted((a, b) => b.builtAt - a.builtAt);
    },
    templates: () => listTemplates(cacheDir),
    doctor: () => doctorInside(config),
  };
}

const everywhere = new Set(["kernel-linux", "base"]);

function linuxImage({ id, modules, kernelVersion, size, builtAt }: ImageDescription): Omit<ImageListed, "names"> {
  const shown = modules.filter(({ name }) => !everywhere.has(name));
  return {
    id,
    modules: shown.map(({ name, version }) => (version === null ? name : `${name} ${version}`)),
    kernel: kernelVersion,
    bytes: sumOf(size),
    builtAt: Date.parse(builtAt),
  };
}

function osvImage({ id, runtime, nodeVersion, size, builtAt }: OsvImageDescription): Omit<ImageListed, "names"> {
  const modules = [runtime === "node" ? `node ${nodeVersion}` : runtime];
  return { id, modules, kernel: "OSv", bytes: sumOf(size), builtAt: Date.parse(builtAt) };
}

function sumOf(size: Record<string, number>): number {
  return Object.values(size).reduce((sum, bytes) => sum + bytes, 0);
}
