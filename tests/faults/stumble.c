// SPDX-License-Identifier: Apache-2.0
// Loaded before libc (LD_PRELOAD), makes one call of the program stumble: the
// process dies before or after it, or the call fails. What a program does
// durably it does by such calls, so the program itself needs no hooks.
//
// STUMBLE=CALL,WHERE,N,WHAT
//   CALL   write, sync, rename or send
//   WHERE  a piece of the file's path (of a rename: the new one's), or, with a
//          "$" behind it, its end; "tcp:P" is a connection to that port
//   N      the n-th such call
//   WHAT   before, after: SIGKILL then
//          EIO, ENOSPC, ..: fails with that, this once
//          EIO+, ..: and so does every later one, as long as the file STUMBLED
//          is there
// STUMBLED: a file that is made when it happens.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static char call_[16];
static char where_[256];
static long number_;
static char what_[16];
static atomic_long seen_;

__attribute__((constructor)) static void ReadPlan(void) {
  const char* plan = getenv("STUMBLE");
  if (plan == NULL) return;
  if (sscanf(plan, "%15[^,],%255[^,],%ld,%15s", call_, where_, &number_,
             what_) != 4) {
    static const char kWords[] = "stumble: STUMBLE is CALL,WHERE,N,WHAT\n";
    (void)!write(2, kWords, sizeof kWords - 1);
    abort();
  }
}

static int ErrorCode(void) {
  if (strncmp(what_, "EIO", 3) == 0) return EIO;
  if (strncmp(what_, "ENOSPC", 6) == 0) return ENOSPC;
  if (strncmp(what_, "EROFS", 5) == 0) return EROFS;
  abort();
}

static int Dies(void) {
  return strcmp(what_, "before") == 0 || strcmp(what_, "after") == 0;
}

static void Tell(void) {
  const char* path = getenv("STUMBLED");
  if (path != NULL) close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void Die(void) {
  Tell();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int IsThere(const char* path) {
  const size_t piece = strlen(where_);
  if (where_[piece - 1] != '$') return strstr(path, where_) != NULL;
  const size_t size = strlen(path);
  return size >= piece - 1 &&
         strncmp(path + size - (piece - 1), where_, piece - 1) == 0;
}

// Whether this call is to stumble; of one that dies before, does not return.
// `after`: it dies once it is done.
static int Stumbles(const char* call, const char* path, int* after) {
  *after = 0;
  if (strcmp(call, call_) != 0 || !IsThere(path)) return 0;
  const long count = atomic_fetch_add(&seen_, 1) + 1;
  if (count < number_) return 0;
  const int lasts = what_[strlen(what_) - 1] == '+';
  if (count > number_) {
    return lasts && access(getenv("STUMBLED"), F_OK) == 0;
  }
  if (Dies()) {
    if (strcmp(what_, "before") == 0) Die();
    *after = 1;
    return 0;
  }
  Tell();
  return 1;
}

static void PathOf(int fd, char* path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, PATH_MAX - 1);
  path[size < 0 ? 0 : size] = '\0';
  if (strncmp(path, "socket:", 7) != 0) return;
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  path[0] = '\0';
  if (getpeername(fd, (struct sockaddr*)&peer, &length) != 0) return;
  int port = 0;
  if (peer.ss_family == AF_INET) {
    port = ntohs(((struct sockaddr_in*)&peer)->sin_port);
  } else if (peer.ss_family == AF_INET6) {
    port = ntohs(((struct sockaddr_in6*)&peer)->sin6_port);
  }
  if (port != 0) snprintf(path, PATH_MAX, "tcp:%d", port);
}

static int StumblesAt(const char* call, int fd, int* after) {
  *after = 0;
  if (call_[0] == '\0') return 0;
  char path[PATH_MAX];
  const int kept = errno;
  PathOf(fd, path);
  // Writing to a connection is sending.
  const int sends = strncmp(path, "tcp:", 4) == 0;
  errno = kept;
  if (!Stumbles(sends ? "send" : call, path, after)) return 0;
  // What cannot be sent has lost its connection.
  if (sends) shutdown(fd, SHUT_RDWR);
  return 1;
}

#define NEXT(name)               \
  static __typeof__(&name) next; \
  if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define BY_FILE(type, name, call, parameters, ...) \
  type name parameters {                           \
    NEXT(name);                                    \
    int after;                                     \
    if (StumblesAt(call, fd, &after)) {            \
      errno = ErrorCode();                         \
      return -1;                                   \
    }                                              \
    const type result = next(__VA_ARGS__);         \
    if (after) Die();                              \
    return result;                                 \
  }

BY_FILE(ssize_t, write, "write", (int fd, const void* data, size_t size), fd,
        data, size)
BY_FILE(ssize_t, pwrite, "write",
        (int fd, const void* data, size_t size, off_t at), fd, data, size, at)
BY_FILE(ssize_t, pwrite64, "write",
        (int fd, const void* data, size_t size, off64_t at), fd, data, size, at)
BY_FILE(ssize_t, writev, "write",
        (int fd, const struct iovec* parts, int count), fd, parts, count)
BY_FILE(int, fsync, "sync", (int fd), fd)
BY_FILE(int, fdatasync, "sync", (int fd), fd)
BY_FILE(ssize_t, send, "send", (int fd, const void* data, size_t size, int how),
        fd, data, size, how)
BY_FILE(ssize_t, sendto, "send",
        (int fd, const void* data, size_t size, int how,
         const struct sockaddr* to, socklen_t length),
        fd, data, size, how, to, length)
BY_FILE(ssize_t, sendmsg, "send",
        (int fd, const struct msghdr* message, int how), fd, message, how)

int rename(const char* from, const char* to) {
  NEXT(rename);
  int after;
  if (Stumbles("rename", to, &after)) {
    errno = ErrorCode();
    return -1;
  }
  const int result = next(from, to);
  if (after) Die();
  return result;
}
