/*
 * Mounts NFS exports in a machine, and carries their bytes to the host for as long as the machine lives.
 *
 *   mounts [SERVER ADDRESS PORTS SOURCE PATH FLAGS OPTIONS]…
 *
 * SERVER and PORTS are what the host is asked to connect to, for connections to ADDRESS, which is of the machine's
 * loopback, and the same port. The others are what mount(2) takes. On standard output comes "ok", or why a mount failed, and then its end.
 *
 * It is a program of its own because an agent cannot carry them: code that waits for a file may be the agent's own thread, or keep all others of its process from running.
 */
#include "syscalls.h"
#include "mount.h"
#include "carry.h"

enum { MOUNTS = 16, WORDS = 7, CHANNEL_PORT = 2, PR_SET_IO_FLUSHER = 57 };

/* How long all mounts may take, milliseconds: less than the host waits for the Bind's end. */
enum { MOUNTING = 30000 };

static struct mount mounts[MOUNTS];
static u32 mount_count;

static void open_channel(void) {
  struct socket_address host = {AF_INET, big_endian(CHANNEL_PORT), {10, 0, 2, 100}, {0}};
  int yes = 1;
  channel = checked("opening a socket", CALL(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0));
  checked("connecting to the host", CALL(connect, channel, &host, sizeof host, 0, 0));
  CALL(setsockopt, channel, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static void listen_on(u32 mount, u32 port) {
  struct socket_address own = {AF_INET, big_endian((u16)port), {0}, {0}};
  const char *text = mounts[mount].address;
  for (int i = 0; i < 4; i++, text++) own.address[i] = (u8)digits(&text);
  if (listener_count == LISTENERS) fail("listening on so many ports", EINVAL);
  s64 socket = checked("opening a socket", CALL(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0, 0));
  checked("taking an address", CALL(bind, socket, &own, sizeof own, 0, 0));
  checked("listening", CALL(listen, socket, CONNECTIONS, 0, 0, 0));
  listeners[listener_count].socket = (int)socket;
  listeners[listener_count].mount = mount;
  listeners[listener_count++].port = port;
}

static void listen_for_all(void) {
  for (u32 i = 0; i < mount_count; i++)
    for (const char *ports = mounts[i].ports; *ports != 0; ports += *ports == ',') listen_on(i, digits(&ports));
}

static const struct {
  int error;
  const char *meaning;
} meanings[] = {
  {1, "the server does not permit it (EPERM)"},
  {2, "the server has no such export (ENOENT)"},
  {5, "the server's answer was no good (EIO)"},
  {13, "the server does not permit it (EACCES)"},
  {22, "the options are not those of the kernel's client (EINVAL)"},
  {93, "the server does not speak this version of NFS (EPROTONOSUPPORT)"},
  {110, "the server did not answer in time (ETIMEDOUT)"},
  {111, "the server refused the connection (ECONNREFUSED)"},
  {116, "the server does not know the export any more (ESTALE)"},
};

static void say(const char *text) {
  CALL(write, STDOUT, text, length(text), 0, 0);
}

/* The agent reads until both outputs are closed. */
static void end_saying(void) {
  CALL(close, STDOUT, 0, 0, 0, 0);
  CALL(close, STDERR, 0, 0, 0, 0);
}

/* "nfs.example:/export cannot be mounted on /data: the server does not permit it (EACCES)" */
static void give_up(u32 mount, const char *why, s64 child) {
  say(mounts[mount].source);
  say(" cannot be mounted on ");
  say(mounts[mount].path);
  say(": ");
  say(why);
  end_saying();
  CALL(kill, child, SIGKILL, 0, 0, 0);
  CALL(exit, 1, 0, 0, 0, 0);
}

static void hear_outcome(s64 pipe, s64 child) {
  static struct outcome outcome;
  static char why[256];
  if (CALL(read, pipe, &outcome, sizeof outcome, 0, 0) != sizeof outcome) give_up(0, "what mounts has ended", child);
  CALL(wait4, child, 0, 0, 0, 0);
  if (outcome.error == 0) {
    say("ok");
    return end_saying();
  }
  for (u32 i = 0; outcome.what[0] == 0 && i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].error == outcome.error) give_up(outcome.mount, meanings[i].meaning, child);
  char *at = put(why, outcome.what[0] == 0 ? "the mount failed" : outcome.what);
  *put(put_number(put(at, " (error "), (u64)outcome.error), ")") = 0;
  give_up(outcome.mount, why, child);
}

static struct poll_entry entries[2 + LISTENERS + CONNECTIONS];

/* Returns the milliseconds until something is due; -1 if nothing is. */
static s64 time_left(u64 deadline) {
  u64 at = deadline;
  for (u32 i = 0; i < CONNECTIONS; i++)
    if (connections[i].stream != 0 && connections[i].retry_at != 0 && (at == 0 || connections[i].retry_at < at)) at = connections[i].retry_at;
  if (at == 0) return -1;
  u64 time = now();
  return at > time ? (s64)(at - time) : 0;
}

static void watch(u32 at, s64 fd, short events) {
  entries[at].fd = events == 0 ? -1 : (int)fd;
  entries[at].events = events;
  entries[at].revents = 0;
}

static short wanted(const struct connection *one) {
  if (one->stream == 0) return 0;
  /* All that is of interest of a client that waits is that it goes away. */
  if (!one->is_connected) return POLLRDHUP;
  short reads = one->is_connected && one->credit > 0 && !one->client_ended ? POLLIN : 0;
  short writes = one->held > 0 ? POLLOUT : 0;
  return reads | writes;
}

static void serve(struct connection *one, short events) {
  if (!one->is_connected) return abandon(one);
  if (events & POLLOUT) flush(one);
  if (one->stream != 0 && events & (POLLIN | POLLERR_OR_HUP) && one->credit > 0 && !one->client_ended) carry(one);
}

static void ask_again(void) {
  for (u32 i = 0; i < CONNECTIONS; i++)
    if (connections[i].stream != 0 && connections[i].retry_at != 0 && connections[i].retry_at <= now()) ask(&connections[i], mounts);
}

static void run(s64 outcomes, s64 child, u64 deadline) {
  static u8 inbox[131072];
  for (;;) {
    watch(0, channel, POLLIN);
    watch(1, outcomes, deadline == 0 ? 0 : POLLIN);
    for (u32 i = 0; i < LISTENERS; i++) watch(2 + i, listeners[i].socket, i < listener_count ? POLLIN : 0);
    for (u32 i = 0; i < CONNECTIONS; i++) watch(2 + LISTENERS + i, connections[i].socket, wanted(&connections[i]));
    CALL(poll, entries, sizeof entries / sizeof *entries, time_left(deadline), 0, 0);
    for (u32 i = 0; i < CONNECTIONS; i++)
      if (connections[i].stream != 0 && entries[2 + LISTENERS + i].revents != 0) serve(&connections[i], entries[2 + LISTENERS + i].revents);
    for (u32 i = 0; i < listener_count; i++)
      if (entries[2 + i].revents != 0) accept_client(&listeners[i], mounts);
    if (entries[0].revents != 0) {
      s64 got = CALL(recvfrom, channel, inbox, sizeof inbox, 0, 0);
      if (got <= 0) fail("reading from the host", got);
      take(inbox, (u32)got);
    }
    ask_again();
    if (deadline == 0) continue;
    if (entries[1].revents != 0) {
      hear_outcome(outcomes, child);
      deadline = 0;
    } else if (failure[0] != 0) give_up(failed_mount, failure, child);
    else if (now() >= deadline) give_up(0, "the server does not answer", child);
  }
}

void start(s64 *stack) {
  s64 count = stack[0];
  char **arguments = (char **)(stack + 1);
  if (count < 1 + WORDS || (count - 1) % WORDS != 0 || (count - 1) / WORDS > MOUNTS) fail("reading the arguments", EINVAL);
  for (char **at = arguments + 1; *at != 0; at += WORDS) copy(&mounts[mount_count++], at, sizeof(struct mount));
  CALL(setsid, 0, 0, 0, 0, 0);
  /* What the kernel needs of memory for this program's sake is not to wait for a write to the server. */
  CALL(prctl, PR_SET_IO_FLUSHER, 1, 0, 0, 0);
  open_channel();
  listen_for_all();
  int outcomes[2];
  checked("making a pipe", CALL(pipe2, outcomes, SOCK_CLOEXEC, 0, 0, 0));
  s64 child = checked("starting a process", CALL(fork, 0, 0, 0, 0, 0));
  if (child == 0) mount_all(mounts, mount_count, outcomes[1]);
  CALL(close, outcomes[1], 0, 0, 0, 0);
  run(outcomes[0], child, now() + MOUNTING);
}

__asm__(".globl _start\n"
        "_start:\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n");
