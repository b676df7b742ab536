/**
 * Preloaded into an agent under Linux (`--import`): makes the kernel refuse what OSv lacks. A process that is started or forked, or a
 * socket that is neither TCP nor UDP over IPv4, ends the agent at once by SIGSYS; clock_settime and clone3 do not exist. os.cpus(), rss and
 * the process id have the values that they have, or may have, on OSv.
 */
import os from "node:os";

interface Ffi {
  dlopen(path: null, signatures: object): { functions: Record<string, (...parameters: (number | bigint | Buffer)[]) => number | bigint> };
}

/** Numbers of system calls on x86-64, from the kernel's headers. */
const Call = { socket: 41, socketpair: 53, clone: 56, fork: 57, vfork: 58, execve: 59, clockSettime: 227, execveat: 322, clone3: 435 };
const CLONE_THREAD = 0x1_0000;
const AF_INET = 2;

/** Classic BPF instructions, which seccomp runs over { u32 number, u32 architecture, u64 instruction, u64 arguments[6] }. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const FIRST_ARGUMENT = 16;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const NO_SUCH_CALL = 0x0005_0000 + 38;

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number];

const filter: Instruction[] = [
  [LOAD, 0, 0, 0],
  ...[Call.fork, Call.vfork, Call.execve, Call.execveat].flatMap((call) => whenIs(call, KILL_PROCESS)),
  ...[Call.clockSettime, Call.clone3].flatMap((call) => whenIs(call, NO_SUCH_CALL)),
  // Only threads may be cloned.
  [IF_EQUAL, 0, 4, Call.clone],
  [LOAD, 0, 0, FIRST_ARGUMENT],
  [IF_ANY_BIT, 1, 0, CLONE_THREAD],
  [RETURN, 0, 0, KILL_PROCESS],
  [RETURN, 0, 0, ALLOW],
  [IF_EQUAL, 1, 0, Call.socket],
  [IF_EQUAL, 0, 4, Call.socketpair],
  [LOAD, 0, 0, FIRST_ARGUMENT],
  [IF_EQUAL, 1, 0, AF_INET],
  [RETURN, 0, 0, KILL_PROCESS],
  [RETURN, 0, 0, ALLOW],
  [RETURN, 0, 0, ALLOW],
];

function whenIs(call: number, result: number): Instruction[] {
  return [
    [IF_EQUAL, 0, 1, call],
    [RETURN, 0, 0, result],
  ];
}

const PR_SET_NO_NEW_PRIVS = 38;
const SYS_seccomp = 317;
const SECCOMP_SET_MODE_FILTER = 1;
/** Applies the filter to the threads that Node already has, too. */
const SECCOMP_FILTER_FLAG_TSYNC = 1;

function refuse(): void {
  const program = Buffer.alloc(filter.length * 8);
  filter.forEach(([code, ifTrue, ifFalse, value], at) => {
    program.writeUInt16LE(code, at * 8);
    program.writeUInt8(ifTrue, at * 8 + 2);
    program.writeUInt8(ifFalse, at * 8 + 3);
    program.writeUInt32LE(value, at * 8 + 4);
  });
  const ffi = process.getBuiltinModule("node:ffi") as unknown as Ffi;
  const long = "int64";
  const { functions } = ffi.dlopen(null, {
    prctl: { arguments: ["int32", long, long, long, long], return: "int32" },
    syscall: { arguments: [long, long, long, "buffer"], return: long },
    memcpy: { arguments: ["buffer", "buffer", long], return: "pointer" },
  });
  // struct sock_fprog { u16 length; the program's address }. Only libc can tell the address.
  const header = Buffer.alloc(16);
  header.writeUInt16LE(filter.length, 0);
  header.writeBigUInt64LE(functions["memcpy"]!(program, Buffer.from(program), BigInt(program.length)) as bigint, 8);
  if (functions["prctl"]!(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) throw new Error("PR_SET_NO_NEW_PRIVS was refused");
  const done = functions["syscall"]!(BigInt(SYS_seccomp), BigInt(SECCOMP_SET_MODE_FILTER), BigInt(SECCOMP_FILTER_FLAG_TSYNC), header);
  if (BigInt(done) !== 0n) throw new Error(`seccomp was refused: ${done}`);
}

os.cpus = () => [];
process.memoryUsage.rss = () => 2 ** 52;
process.cpuUsage = () => {
  throw new Error("ENOSYS: function not implemented, uv_getrusage");
};
Object.defineProperty(process, "pid", { value: 0 });
refuse();
