/**
 * OSv is one process in one address space, with threads but without fork, exec, Unix sockets and IPv6; the agent uses none of them on any
 * guest (osv.test.ts sees to it). What it must do differently there hangs on `onOsv`:
 *
 * 1. Clock: there is no clock_settime, so that Date and Temporal.Now add the difference (resume/shifted-clock.ts). What asks the kernel by another
 *    way sees the time of the template's freeze and what passed since its clone began: Intl.DateTimeFormat without a date, the times of files,
 *    OpenSSL when it judges whether a certificate is valid yet.
 * 2. Randomness: its /dev/urandom ignores what is written to it and has no ioctl, so that only OpenSSL (node:crypto, Web Crypto) and
 *    Math.random are given bytes of their own. Bytes read from /dev/urandom itself may be a sibling's until the kernel's own
 *    sources (virtio-rng, RDRAND) have stirred its pool.
 * 3. Figures: memoryUsage().rss means nothing and os.cpus() is empty; statistics are clamped to what there is (stats.ts).
 */
const variable = "MAYFLY_GUEST";

/** Said by whoever starts the guest, on OSv's command line: OSv passes for Linux where it is asked. */
export const onOsv = process.env[variable] === "osv";
delete process.env[variable];
