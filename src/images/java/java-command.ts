/**
 * Flags of the agent's Java, for every machine. Measured on one host with two processors, medians of nine: from the start of the process to Ready, and the memory
 * that is the process's own after 100 calls. Java's own choices: 178 ms, 28 MB. With these: 175 ms, 24 MB.
 *
 * - The serial collector has no threads of its own, and small tables: 2 MB less.
 * - The first compiler alone: 2 MB less. The second one's code is faster for handlers that compute for seconds, but in an emulated machine it must be translated anew.
 * - Java's archive of its own classes, which Debian's package has: 40 ms less, and 25 ms less at the first call. Another one of the agent's classes would save 13 ms, 17 ms
 *   at the first call, and 1 MB; but it holds only for the very path and time of the jar, so there is none.
 * - No file of counters, which tools on the same host would read.
 * - Small stacks, because a machine may have a thread for each call that waits.
 * - Texts are UTF-8, whatever the locale. For names of files Java goes by the locale alone: LANG must be C.UTF-8, as it is in machines.
 */
export const javaFlags = [
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Xshare:auto",
  "-XX:-UsePerfData",
  "-Xss512k",
  "-Dfile.encoding=UTF-8",
];

/**
 * Flags for a machine that is isolated. In one with a kernel of its own, the agent sets the clock, the kernel's randomness and the working directory through calls
 * of libc; in gVisor it asks where connections lead. The module costs 25 ms of a start, so bare processes do without.
 */
export const libcFlags = ["--add-modules=jdk.incubator.foreign", "--enable-native-access=ALL-UNNAMED"];

/**
 * Flags for OSv, beside those for a machine that is isolated. The agent leads calls in classes to itself: those that read the clock, which nobody can set there, or
 * wait until a time of it, those that get random bytes, and those by which sockets connect (src/guest/runtimes/java/mayfly/osv). For that alone, 76 ms of CPU at a start
 * and 4 MB, which a template has once for its clones: most of it for reading the 760 classes that are loaded by then, of which two have such calls (medians of five on
 * Linux). OSv has IPv4 only. The package java.net is opened so that the host looks names up.
 *
 * @param jar the agent's path in the machine
 */
export function osvFlags(jar: string): string[] {
  return [`-javaagent:${jar}`, "-Djava.net.preferIPv4Stack=true", "--add-opens=java.base/java.net=ALL-UNNAMED"];
}
