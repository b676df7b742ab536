/** The calls of libc and OpenSSL that Node has no words for, through node:ffi (experimental in Node 26). */

type Call = (...parameters: (number | bigint | Buffer)[]) => number;
interface Ffi {
  dlopen(path: null, signatures: Record<string, { arguments: string[]; return: string }>): { functions: Record<string, Call> };
}

const SIGNATURES = {
  RAND_add: { arguments: ["buffer", "int32", "double"], return: "void" },
  clock_settime: { arguments: ["int32", "buffer"], return: "int32" },
  ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
};

/** Undefined where this Node or this kernel's libc lacks it (OSv has no clock_settime). */
export function nativeCall(name: keyof typeof SIGNATURES): Call | undefined {
  const ffi = process.getBuiltinModule("node:ffi") as unknown as Ffi | undefined;
  try {
    return ffi?.dlopen(null, { [name]: SIGNATURES[name] }).functions[name];
  } catch {
    // dlsym found no such symbol: the caller has another way, or says that there is none.
    return undefined;
  }
}
