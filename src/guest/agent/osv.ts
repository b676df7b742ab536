/**
 * OSv is one process in one address space, with threads but without fork, exec, Unix sockets and IPv6. The agent uses none of these on any
 * guest (osv.test.ts checks that). What it must do differently on OSv depends on `onOsv`:
 *
 * 1. Clock: there is no clock_settime, so Date and Temporal.Now add the difference (resume/shifted-clock.ts). What asks the kernel in
 *    another way sees the time of the template's freeze plus the time since its clone began: Intl.DateTimeFormat without a date, the times
 *    of files, and OpenSSL when it judges whether a certificate is valid yet.
 * 2. Randomness: /dev/urandom ignores what is written to it and has no ioctl, so only OpenSSL (node:crypto, Web Crypto) and Math.random get
 *    bytes of their own. Bytes read from /dev/urandom itself may equal a sibling's until the kernel's own sources (virtio-rng, RDRAND) have
 *    been mixed into its pool.
 * 3. Figures: memoryUsage().rss means nothing and os.cpus() is empty, so statistics are limited to what exists (stats.ts).
 */
const variable = "MAYFLY_GUEST";

/** Set on OSv's command line by what starts the guest, because OSv claims to be Linux when asked. */
export const onOsv = process.env[variable] === "osv";
delete process.env[variable];
