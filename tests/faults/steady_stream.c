// SPDX-License-Identifier: Apache-2.0
// A stream of so many events a second, as it goes: pages seen by customers who
// are well, and among them, each second, ten who begin to fail. Of these half
// fail three times, half twice, 1 to 12 seconds apart.
//
//   steady_stream BROKERS TOPIC RATE SECONDS TAG SEED
//
// At most so many SECONDS: it comes to its end when it gets SIGTERM, once all who
// have begun to fail are through.
//
// Says "1234 20000" each second, events so far and of this second, and at the
// end "done EVENTS SECONDS": all of them are known to be in the topic. Who
// fails three times is TAG-f-000000 and so on; twice, TAG-n-000000.
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum {
  kWell = 20000,    // Customers.
  kBeginners = 10,  // A second.
  kLongest = 12,    // Seconds between two failures.
  kBatches = 50,    // A second.
  kSlots = 2 * kLongest + 1
};

struct Failing {
  int number;
  char kind;  // 'f' thrice, 'n' nearly.
};

static rd_kafka_t* producer;
static const char* topic;
static const char* tag;
static unsigned random_seed;
static volatile sig_atomic_t told_to_end;
static long produced, delivered, lost;
// Who fails in which second, in turns.
static struct Failing due[kSlots][8 * kBeginners * kSlots];
static int due_count[kSlots];

static void End(int signal) {
  (void)signal;
  told_to_end = 1;
}

static unsigned Random(unsigned below) {
  return (unsigned)rand_r(&random_seed) % below;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void Delivered(rd_kafka_t* handle, const rd_kafka_message_t* message,
                      void* nothing) {
  (void)handle;
  (void)nothing;
  if (message->err)
    ++lost;
  else
    ++delivered;
}

static void Produce(const char* customer, const char* event,
                    const char* properties) {
  char value[600], when[40];
  struct timeval now;
  struct tm parts;
  gettimeofday(&now, NULL);
  gmtime_r(&now.tv_sec, &parts);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
  const int size = snprintf(
      value, sizeof value,
      "{\"type\":\"track\",\"messageId\":\"%s-%u-%ld\",\"userId\":\"%s\","
      "\"event\":\"%s\",\"timestamp\":\"%s.%03dZ\",\"context\":{\"ip\":"
      "\"203.0.113.7\",\"locale\":\"en-GB\",\"library\":{\"name\":"
      "\"analytics.js\",\"version\":\"npm:next-1.70.0\"}},\"properties\":%s}",
      tag, random_seed, produced, customer, event, when,
      (int)(now.tv_usec / 1000), properties);
  while (rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                           RD_KAFKA_V_KEY(customer, strlen(customer)),
                           RD_KAFKA_V_VALUE(value, (size_t)size),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                           RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    rd_kafka_poll(producer, 10);
  }
  ++produced;
}

static void Fail(struct Failing who) {
  char customer[100];
  snprintf(customer, sizeof customer, "%s-%c-%06d", tag, who.kind, who.number);
  Produce(customer, "action_failed", "{\"action\":\"Import\"}");
}

static void Await(int second, struct Failing who) {
  const int slot = second % kSlots;
  due[slot][due_count[slot]++] = who;
}

// Only so many seconds before the end that all of it still comes.
static void Begin(int second) {
  static int number;
  for (int i = 0; i < kBeginners; ++i) {
    const struct Failing who = {number / 2, number % 2 ? 'n' : 'f'};
    ++number;
    int at = second;
    Await(at, who);
    for (int more = who.kind == 'f' ? 2 : 1; more > 0; --more) {
      at += 1 + (int)Random(kLongest);
      Await(at, who);
    }
  }
}

static void Second(int second, long rate) {
  const double begin = Now();
  const long before = produced;
  struct Failing* failing = due[second % kSlots];
  int* waiting = &due_count[second % kSlots];
  for (int batch = 1; batch <= kBatches; ++batch) {
    const int keep = *waiting * (kBatches - batch) / kBatches;
    while (*waiting > keep) Fail(failing[--*waiting]);
    while (produced - before < rate * batch / kBatches) {
      char customer[100], page[60];
      snprintf(customer, sizeof customer, "%s-w-%06u", tag, Random(kWell));
      snprintf(page, sizeof page, "{\"path\":\"/p/%u\"}", Random(5));
      Produce(customer, "page_viewed", page);
    }
    do {
      rd_kafka_poll(producer, 1);
    } while (Now() < begin + (double)batch / kBatches);
  }
  printf("%ld %.0f\n", produced, (double)(produced - before) / (Now() - begin));
  fflush(stdout);
}

static void Open(const char* brokers) {
  static const char* settings[][2] = {
      {"compression.type", "lz4"},
      {"linger.ms", "20"},
      {"partitioner", "murmur2_random"},
      {"enable.idempotence", "true"},
      {"message.timeout.ms", "120000"},
      {"queue.buffering.max.messages", "1000000"}};
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error, sizeof error);
  rd_kafka_conf_set_dr_msg_cb(conf, Delivered);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; ++i) {
    if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error,
                          sizeof error) != RD_KAFKA_CONF_OK) {
      fprintf(stderr, "%s\n", error);
      exit(1);
    }
  }
  producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == NULL) {
    fprintf(stderr, "%s\n", error);
    exit(1);
  }
}

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  topic = argv[2];
  tag = argv[5];
  random_seed = (unsigned)atol(argv[6]);
  const long rate = atol(argv[3]);
  int seconds = atoi(argv[4]);
  signal(SIGTERM, End);
  Open(argv[1]);
  const double begin = Now();
  for (int second = 0; second < seconds; ++second) {
    if (told_to_end && second + 2 * kLongest < seconds) {
      seconds = second + 2 * kLongest;
    }
    if (second + 2 * kLongest < seconds) Begin(second);
    Second(second, rate);
  }
  const double took = Now() - begin;
  rd_kafka_flush(producer, 120000);
  if (delivered != produced || lost > 0) {
    fprintf(stderr, "%ld of %ld have arrived\n", delivered, produced);
    return 1;
  }
  printf("done %ld %.1f\n", produced, took);
  rd_kafka_destroy(producer);
  return 0;
}
