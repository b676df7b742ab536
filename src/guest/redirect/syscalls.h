/* The system calls of x86-64 Linux that the program makes. It is linked to no library, because it must run in every image. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

enum {
  SYS_write = 1,
  SYS_open = 2,
  SYS_close = 3,
  SYS_dup = 32,
  SYS_dup2 = 33,
  SYS_getpid = 39,
  SYS_socket = 41,
  SYS_sendto = 44,
  SYS_recvfrom = 45,
  SYS_bind = 49,
  SYS_listen = 50,
  SYS_setsockopt = 54,
  SYS_fork = 57,
  SYS_execve = 59,
  SYS_exit = 60,
  SYS_wait4 = 61,
  SYS_setuid = 105,
  SYS_setgid = 106,
  SYS_setgroups = 116,
  SYS_bpf = 321
};

/* Returns what the kernel returns: a negative number is an error's. */
s64 system_call(s64 number, s64 a, s64 b, s64 c, s64 d, s64 e);

__asm__(".globl system_call\n"
        "system_call:\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %rdi\n"
        "  mov %rdx, %rsi\n"
        "  mov %rcx, %rdx\n"
        "  mov %r8, %r10\n"
        "  mov %r9, %r8\n"
        "  xor %r9, %r9\n"
        "  syscall\n"
        "  ret\n");

#define CALL(number, a, b, c, d, e) system_call(SYS_##number, (s64)(a), (s64)(b), (s64)(c), (s64)(d), (s64)(e))

enum { ECHILD = -10, EINVAL = -22 };
enum { AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, SOCK_STREAM = 1, SOCK_RAW = 3, STDERR = 2 };

static u64 length(const char *text) {
  u64 n = 0;
  while (text[n] != 0) n++;
  return n;
}

/* The compiler calls it for what it fills with zeros. */
void *memset(void *to, int value, u64 size) {
  u8 *t = to;
  while (size-- > 0) *t++ = (u8)value;
  return to;
}

static void copy(void *to, const void *from, u64 size) {
  u8 *t = to;
  const u8 *f = from;
  while (size-- > 0) *t++ = *f++;
}

static u16 big_endian(u16 value) {
  return (u16)(value >> 8 | value << 8);
}

static void print(const char *text) {
  CALL(write, STDERR, text, length(text), 0, 0);
}

/* Ends the program with a sentence: "mayfly: listening failed with error 98". */
static void fail(const char *what, s64 result) {
  char digits[24];
  int at = sizeof digits;
  digits[--at] = '\n';
  for (result = -result; result > 0 || at == sizeof digits - 1; result /= 10) digits[--at] = (char)('0' + result % 10);
  print("mayfly: ");
  print(what);
  print(" failed with error ");
  CALL(write, STDERR, digits + at, sizeof digits - at, 0, 0);
  CALL(exit, 1, 0, 0, 0, 0);
}

static s64 checked(const char *what, s64 result) {
  if (result < 0) fail(what, result);
  return result;
}
