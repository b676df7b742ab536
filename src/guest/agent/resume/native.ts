/**
 * The calls of libc and OpenSSL that Node has no words for, through node:ffi (experimental in Node 26). Each is looked up once: a
 * template does it before it is frozen, since a look-up makes code, which an emulator would translate anew in every clone.
 */

type Call = (...parameters: (number | bigint | Buffer)[]) => number;
interface Ffi {
  dlopen(path: null, signatures: Record<string, { arguments: string[]; return: string }>): { functions: Record<string, Call> };
}

const SIGNATURES = {
  RAND_add: { arguments: ["buffer", "int32", "double"], return: "void" },
  clock_settime: { arguments: ["int32", "buffer"], return: "int32" },
  ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
};

const known = new Map<keyof typeof SIGNATURES, Call | undefined>();

/** Undefined where this Node or this machine's libc lacks it. */
export function nativeCall(name: keyof typeof SIGNATURES): Call | undefined {
  if (!known.has(name)) known.set(name, lookUp(name));
  return known.get(name);
}

function lookUp(name: keyof typeof SIGNATURES): Call | undefined {
  const ffi = process.getBuiltinModule("node:ffi") as unknown as Ffi | undefined;
  try {
    return ffi?.dlopen(null, { [name]: SIGNATURES[name] }).functions[name];
  } catch {
    // dlsym found no such symbol: the caller has another way, or says that there is none.
    return undefined;
  }
}
