/**
 * Calls of libc and OpenSSL that Node does not offer, through node:ffi (experimental in Node 26). Each is looked up once. A template does
 * that before it is frozen, because a look-up generates code, which an emulator would translate anew in every clone.
 */

type Call = (...parameters: (number | bigint | Buffer)[]) => number;
interface Ffi {
  dlopen(path: null, signatures: Record<string, { arguments: string[]; return: string }>): { functions: Record<string, Call> };
}

const SIGNATURES = {
  RAND_add: { arguments: ["buffer", "int32", "double"], return: "void" },
  getsockopt: { arguments: ["int32", "int32", "int32", "buffer", "buffer"], return: "int32" },
  clock_settime: { arguments: ["int32", "buffer"], return: "int32" },
  ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
  pipe2: { arguments: ["buffer", "int32"], return: "int32" },
  mount: { arguments: ["buffer", "buffer", "buffer", "uint64", "uint64"], return: "int32" },
};

const known = new Map<keyof typeof SIGNATURES, Call | undefined>();

/** Undefined if this Node or this machine's libc lacks it. */
export function nativeCall(name: keyof typeof SIGNATURES): Call | undefined {
  if (!known.has(name)) known.set(name, lookUp(name));
  return known.get(name);
}

function lookUp(name: keyof typeof SIGNATURES): Call | undefined {
  const ffi = process.getBuiltinModule("node:ffi") as unknown as Ffi | undefined;
  try {
    return ffi?.dlopen(null, { [name]: SIGNATURES[name] }).functions[name];
  } catch {
    // dlsym found no such symbol. The caller has another way, or reports that there is none.
    return undefined;
  }
}
