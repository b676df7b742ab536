/** Wheels of the Python modules that Debian has, so that a test's deploy installs real packages by pip, without an index. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder } from "../src/base/config/load.ts";
import { type DebianPackage, fetchPackageSet } from "../src/images/debian/fetch-package.ts";
import { imageSuite } from "../src/images/debian/program-root.ts";
import { makeWheel } from "./wheel.ts";

/** Where Debian's packages of Python have their modules. */
const MODULES = "usr/lib/python3/dist-packages";

interface Distribution {
  /** As it is written in names of wheels. */
  name: string;
  version: string;
  /** The name of Debian's package. */
  of: string;
  modules: string;
}

/**
 * Writes a wheel of the package, which requires wheels of all that it depends on in Debian.
 *
 * @param wanted Debian's name, such as "python3-flask"
 */
export async function debianWheels(folder: string, wanted: string): Promise<void> {
  const set = { suite: imageSuite, closures: [{ packages: [wanted], without: [] }], single: [] };
  const { closures } = await fetchPackageSet(set, { cacheDir: cacheFolder() });
  const all = closures[0]!.flatMap(distributionsOf);
  for (const { name, version, of, modules } of all) {
    const files = { ...filesOf(modules), ...(name === "numpy" ? numpyLibraries(closures[0]!) : {}) };
    const tag = Object.keys(files).some((path) => path.endsWith(".so")) ? "cp311-cp311-linux_x86_64" : "py3-none-any";
    const requires = of === wanted ? all.filter((each) => each.of !== wanted).map((each) => each.name) : [];
    makeWheel(folder, name, version, files, { tag, requires });
  }
}

function distributionsOf({ name: of, dir }: DebianPackage): Distribution[] {
  const modules = join(dir, MODULES);
  return globSync("*.{egg,dist}-info", { cwd: modules }).map((info) => {
    const about = ["METADATA", "PKG-INFO", ""].map((file) => join(modules, info, file)).find((file) => existsSync(file))!;
    const text = readFileSync(about, "utf8");
    const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(text)![1]!;
    return {
      name: field("Name")
        .toLowerCase()
        .replaceAll(/[-_.]+/g, "_"),
      version: field("Version"),
      of,
      modules,
    };
  });
}

/** Without tests. Links out of the package lead nowhere here, and do not travel. */
function filesOf(modules: string): Record<string, Uint8Array> {
  const isWanted = (path: string) =>
    !/^[^/]*-info(\/|$)|\/tests\//.test(path) && statSync(join(modules, path), { throwIfNoEntry: false })?.isFile();
  const paths = globSync("**", { cwd: modules }).filter(isWanted);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(modules, path))]));
}

/** Where Debian has the libraries of numpy, each after those that it needs itself. */
const numpyNeeds = {
  libquadmath0: "libquadmath.so.0",
  libgfortran5: "libgfortran.so.5",
  libblas3: "blas/libblas.so.3",
  liblapack3: "lapack/liblapack.so.3",
};

/**
 * Libraries travel in a wheel, as they do in those of PyPI; there, the modules say where they lie. Here, the file that numpy has for its distributors loads
 * them first.
 */
function numpyLibraries(closure: DebianPackage[]): Record<string, string | Uint8Array> {
  const libraries = Object.entries(numpyNeeds).map(([from, path]) => {
    const { dir } = closure.find(({ name }) => name === from)!;
    return [`numpy.libs/${basename(path)}`, readFileSync(join(dir, "usr/lib/x86_64-linux-gnu", path))] as const;
  });
  const load = [
    "import ctypes, os.path",
    "libraries = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'numpy.libs')",
    ...Object.values(numpyNeeds).map((path) => `ctypes.CDLL(os.path.join(libraries, "${basename(path)}"))`),
  ];
  return { ...Object.fromEntries(libraries), "numpy/_distributor_init.py": load.join("\n") };
}
