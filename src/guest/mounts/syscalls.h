/* Further system calls, beside those of the first program. */
#include "../redirect/syscalls.h"

enum {
  SYS_read = 0,
  SYS_poll = 7,
  SYS_connect = 42,
  SYS_shutdown = 48,
  SYS_kill = 62,
  SYS_mkdir = 83,
  SYS_setsid = 112,
  SYS_prctl = 157,
  SYS_mount = 165,
  SYS_sethostname = 170,
  SYS_fadvise64 = 221,
  SYS_clock_gettime = 228,
  SYS_unshare = 272,
  SYS_accept4 = 288,
  SYS_pipe2 = 293,
  SYS_finit_module = 313,
  SYS_getrandom = 318
};

enum { EAGAIN = -11, EEXIST = -17, SIGKILL = 9, STDOUT = 1 };
enum { SOCK_NONBLOCK = 04000, SOCK_CLOEXEC = 02000000, O_RDONLY_CLOEXEC = 02000000, O_WRONLY_CLOEXEC = 02000001, MSG_NOSIGNAL = 0x4000 };
enum { IPPROTO_TCP = 6, TCP_NODELAY = 1, SHUT_WR = 1 };
enum { POLLIN = 1, POLLOUT = 4, POLLERR_OR_HUP = 8 | 16, POLLRDHUP = 0x2000 };

struct poll_entry {
  int fd;
  short events, revents;
};

struct socket_address {
  u16 family, port;
  u8 address[4];
  u8 rest[8];
};

static int equal(const char *one, const char *other) {
  while (*one != 0 && *one == *other) one++, other++;
  return *one == *other;
}

static int begins_with(const char *text, const char *start) {
  while (*start != 0)
    if (*text++ != *start++) return 0;
  return 1;
}

/* Reads digits, and moves behind them. */
static u32 digits(const char **text) {
  u32 value = 0;
  for (; **text >= '0' && **text <= '9'; (*text)++) value = value * 10 + (u32)(**text - '0');
  return value;
}

/* Appends text at a place, and returns the place behind it. */
static char *put(char *at, const char *text) {
  u64 size = length(text);
  copy(at, text, size);
  return at + size;
}

static char *put_number(char *at, u64 value) {
  char reversed[24];
  int count = 0;
  do reversed[count++] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  while (count > 0) *at++ = reversed[--count];
  return at;
}

/* Milliseconds of a clock that nobody sets. */
static u64 now(void) {
  s64 time[2] = {0, 0};
  CALL(clock_gettime, 1, time, 0, 0, 0);
  return (u64)time[0] * 1000 + (u64)time[1] / 1000000;
}
