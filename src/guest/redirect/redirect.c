/*
 * The first program of a machine: it leads all TCP connections of the machine to one listener, and starts the agent, which finds the listener open.
 *
 *   redirect DESCRIPTOR USER PROGRAM [ARGUMENT…]
 *
 * DESCRIPTOR, one digit, is where the agent finds the listener; USER is the number of the user as which the agent runs, without any rights if it is not 0.
 *
 * 1. Connections to the machine's loopback stay what they are.
 * 2. If anything fails, the agent is not started.
 * 3. As process 1 it stays, and the agent is its child. A process whose parent has ended becomes a child of process 1, and when it ends, too, it is there until
 *    process 1 has waited for it: an agent that is process 1 itself cannot tell such processes from those for which its app's code will wait.
 * 4. It ends with the agent, and with it the machine.
 */
#include "syscalls.h"
#include "route.h"
#include "steer.h"
#include "translate.h"

/* Nothing else in a machine listens on it: it is below those that a program is given or chooses. */
enum { PORT = 1, BACKLOG = 256 };

/* More than a machine begins with: its outputs, the listener and the channel. */
enum { DESCRIPTORS = 16 };

struct socket_address {
  u16 family, port;
  u8 rest[24];
};

static s64 listen_on(u16 family) {
  struct socket_address any = {0};
  any.family = family;
  any.port = big_endian(PORT);
  s64 socket = checked("opening a socket", CALL(socket, family, SOCK_STREAM, 0, 0, 0));
  checked("binding", CALL(bind, socket, &any, family == AF_INET ? 16 : 28, 0, 0));
  checked("listening", CALL(listen, socket, BACKLOG, 0, 0, 0));
  return socket;
}

/* Returns the listener. One for both families is none whose SO_ORIGINAL_DST gVisor tells. */
static s64 lead_all(void) {
  s64 listener = listen_on(AF_INET6);
  if (steer_to(listener) == 0) {
    route_all(AF_INET);
    route_all(AF_INET6);
    return listener;
  }
  CALL(close, listener, 0, 0, 0, 0);
  listener = listen_on(AF_INET);
  own_all();
  translate_to(PORT);
  return listener;
}

static void become(s64 user) {
  if (user == 0) return;
  checked("leaving groups", CALL(setgroups, 0, 0, 0, 0, 0));
  checked("changing the group", CALL(setgid, user, 0, 0, 0, 0));
  checked("changing the user", CALL(setuid, user, 0, 0, 0, 0));
}

/* Waits for all that ends, until the agent does, and ends as a shell would: with the agent's status, or 128 and the signal that ended it. */
static void outlast(s64 agent) {
  /* What the agent closes is to be closed. */
  for (s64 i = 0; i < DESCRIPTORS; i++)
    if (i != STDERR) CALL(close, i, 0, 0, 0, 0);
  int status = 0;
  s64 ended;
  do ended = CALL(wait4, -1, &status, 0, 0, 0);
  while (ended != agent && ended != ECHILD);
  CALL(exit, (status & 127) != 0 ? 128 + (status & 127) : status >> 8 & 255, 0, 0, 0, 0);
}

static s64 number(const char *text) {
  s64 value = 0;
  while (*text != 0) value = value * 10 + (*text++ - '0');
  return value;
}

/* @param stack as the kernel hands it over: the number of arguments, the arguments, a null, the environment */
void start(s64 *stack) {
  s64 count = stack[0];
  char **arguments = (char **)(stack + 1);
  char **environment = arguments + count + 1;
  if (count < 4) fail("reading the arguments", EINVAL);
  s64 place = number(arguments[1]);
  s64 listener = lead_all();
  if (listener != place) {
    checked("moving the listener", CALL(dup2, listener, place, 0, 0, 0));
    CALL(close, listener, 0, 0, 0, 0);
  }
  become(number(arguments[2]));
  s64 agent = CALL(getpid, 0, 0, 0, 0, 0) == 1 ? checked("starting a process", CALL(fork, 0, 0, 0, 0, 0)) : 0;
  if (agent != 0) outlast(agent);
  fail(arguments[3], CALL(execve, arguments[3], arguments + 3, environment, 0, 0));
}

__asm__(".globl _start\n"
        "_start:\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n");
