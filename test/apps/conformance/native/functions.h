/* The functions of the suite of runtimes, for the programs in this folder: each of them says how a call is answered. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct call {
  char id[128], path[256], query[256];
  int channel;
};

/* The whole reply, as a text. */
static void answer(struct call *call, const char *body);
/* A piece of a reply that is streamed; the last one ends it. */
static void piece(struct call *call, const char *text, int first, int last);
/* The invocation fails, and the program goes on. */
static void fail(struct call *call, const char *why);
/* Returns when nobody wants the reply any more. */
static void until_unwanted(struct call *call);

/* The query of every function has one parameter. */
static const char *parameter(struct call *call) {
  char *value = strchr(call->query, '=');
  return value == NULL ? "" : value + 1;
}

static void doze(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void greets(struct call *call) {
  char word[64] = "", body[512];
  FILE *words = fopen("words.txt", "r");
  if (words == NULL || fscanf(words, "%63s", word) != 1) return fail(call, "no words.txt");
  fclose(words);
  printf("greeting %s\n", parameter(call));
  snprintf(body, sizeof body, "%s, %s, in %s!\n", word, parameter(call), getenv("COLOUR"));
  answer(call, body);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opens = PTHREAD_COND_INITIALIZER;
static int opened;

static void streams(struct call *call) {
  if (strcmp(call->path, "/open") == 0) {
    pthread_mutex_lock(&gate);
    opened = 1;
    pthread_cond_broadcast(&opens);
    pthread_mutex_unlock(&gate);
    return answer(call, "opened");
  }
  piece(call, "first", 1, 0);
  pthread_mutex_lock(&gate);
  while (!opened) pthread_cond_wait(&opens, &gate);
  pthread_mutex_unlock(&gate);
  piece(call, "second", 0, 1);
}

/* Of several invocations at once, a line belongs to the one whose id it has. */
static void prints(struct call *call) {
  printf("begin %s of %s\n", parameter(call), call->id);
  doze(20);
  fprintf(stderr, "end %s of %s\n", parameter(call), call->id);
  answer(call, "printed\n");
}

static void waits(struct call *call) {
  doze(50);
  answer(call, "waited\n");
}

static void draws(struct call *call) {
  unsigned long drawn[2];
  struct timespec now;
  char body[128];
  if (getrandom(drawn, sizeof drawn, 0) != sizeof drawn) return fail(call, "no randomness");
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(body, sizeof body, "%lld %lx %lx", now.tv_sec * 1000LL + now.tv_nsec / 1000000, drawn[0], drawn[1]);
  answer(call, body);
}

static void hears(struct call *call) {
  puts("listening");
  until_unwanted(call);
  puts("heard");
}

static void write_to(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file == NULL) return;
  fputs(text, file);
  fclose(file);
}

static void misbehaves(struct call *call) {
  const char *deed = parameter(call);
  printf("asked to %s\n", *deed ? deed : "behave");
  if (strcmp(deed, "throw") == 0) return fail(call, "thrown on demand");
  if (strcmp(deed, "paths") == 0) {
    write_to("/dev/stdout", "written to the path of output\n");
    write_to("/proc/self/fd/2", "written to the path of errors\n");
  }
  if (strcmp(deed, "exit") == 0) exit(7);
  if (strcmp(deed, "crash") == 0) *(volatile int *)8 = 1;
  while (strcmp(deed, "spin") == 0);
  while (strcmp(deed, "leak") == 0) memset(malloc(1 << 20), 1, 1 << 20);
  answer(call, "behaved\n");
}

typedef void (*deed)(struct call *);

/* Ends the program where there is no such function, or it is the one that cannot begin. */
static deed function_called(const char *name) {
  static const struct { const char *name; deed run; } all[] = {
      {"greets", greets}, {"streams", streams}, {"prints", prints}, {"waits", waits},
      {"draws", draws},   {"hears", hears},     {"misbehaves", misbehaves},
  };
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  for (size_t at = 0; at < sizeof all / sizeof *all; at++)
    if (strcmp(all[at].name, name) == 0) return all[at].run;
  fputs("there is no database\n", stderr);
  exit(3);
  return NULL;
}
