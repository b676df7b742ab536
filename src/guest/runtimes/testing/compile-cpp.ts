/** Compiles C++ with Debian's g++, which runs from the cache folder: the host needs no compiler. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchProgramRoot, hostCommand, imageSuite } from "../../../images/debian/program-root.ts";

const HEADERS = [
  "include/c++/12",
  "include/x86_64-linux-gnu/c++/12",
  "lib/gcc/x86_64-linux-gnu/12/include",
  "include/x86_64-linux-gnu",
  "include",
];

/**
 * Returns the program, which is linked to libstdc++ and libc dynamically.
 *
 * @param folder for what is made on the way
 */
export async function compileCpp(source: string, folder: string, cacheDir: string): Promise<Buffer> {
  const root = await fetchProgramRoot({ suite: imageSuite, packages: ["g++-12", "libc6-dev"], cacheDir });
  const [lib, own] = [join(root, "usr/lib/x86_64-linux-gnu"), join(root, "usr/lib/gcc/x86_64-linux-gnu/12")];
  const [assembly, object, made] = [join(folder, "program.s"), join(folder, "program.o"), join(folder, "program")];
  // g++ itself would start these by the host's loader, which may be of another release than their libraries.
  const run = async (program: string, args: string[]) => {
    const [command, ...before] = await hostCommand(root, program);
    // Not in this thread, in which a platform may be serving other tests.
    await promisify(execFile)(command, [...before, ...args]);
  };
  const headers = HEADERS.flatMap((each) => ["-isystem", join(root, "usr", each)]);
  const words = ["-quiet", "-nostdinc", ...headers, "-D_GNU_SOURCE", "-std=c++17", "-O1", "-Wall", "-Werror"];
  await run("/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", [...words, "-o", assembly, source]);
  await run("/usr/bin/x86_64-linux-gnu-as", ["-o", object, assembly]);
  const of = (place: string, names: string[]) => names.map((name) => join(place, name));
  const objects = [
    ...of(lib, ["crt1.o", "crti.o"]),
    join(own, "crtbegin.o"),
    object,
    ...of(lib, ["libstdc++.so.6", "libgcc_s.so.1", "libc.so.6"]),
    join(own, "libgcc.a"),
    join(lib, "libc_nonshared.a"),
    join(own, "crtend.o"),
    join(lib, "crtn.o"),
  ];
  await run("/usr/bin/x86_64-linux-gnu-ld.bfd", [
    "--eh-frame-hdr",
    "-dynamic-linker",
    "/lib64/ld-linux-x86-64.so.2",
    // Where the libraries' own libraries are: the loader of the host may be of another release.
    "-rpath-link",
    `${join(root, "lib/x86_64-linux-gnu")}:${lib}`,
    "-o",
    made,
    ...objects,
  ]);
  return readFile(made);
}
