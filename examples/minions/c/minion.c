/*
 * A minion of C and sockets: one static buffer for what comes, one for what goes, nothing allocated once it runs.
 * Usage: minion ADDRESS PORT ID PASSWORD_FILE HMAC_KEY_FILE LEDGER_FILE
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../arduino/brine_minion/brine.h"

#define PACKET_MAX 256
#define KEEPALIVE_S 60

static struct brine_minion minion;
static const char *ledger_file;
static uint8_t in[PACKET_MAX + 1];
static uint8_t out[PACKET_MAX];
static char answer[200];
static int jobs;

static int ping(const char *arg, char *value, size_t size) {
  (void)arg;
  return snprintf(value, size, "true") < 0;
}

static int echo(const char *arg, char *value, size_t size) {
  return snprintf(value, size, "%.*s", (int)strcspn(arg, "]"), arg) >= (int)size;
}

static int count(const char *arg, char *value, size_t size) {
  (void)arg;
  return snprintf(value, size, "%d", ++jobs) < 0;
}

static const struct brine_function functions[] = {
    {"test.ping", ping}, {"test.echo", echo}, {"test.count", count}, {NULL, NULL}};

/* On disk before the job runs. */
static void save(const struct brine_ledger *ledger) {
  int file = open(ledger_file, O_WRONLY | O_CREAT, 0600);
  if (file < 0 || write(file, ledger, sizeof *ledger) != sizeof *ledger || fsync(file) != 0) {
    perror(ledger_file);
    exit(1);
  }
  close(file);
}

static void load(struct brine_ledger *ledger) {
  int file = open(ledger_file, O_RDONLY);
  if (file < 0) return;
  if (read(file, ledger, sizeof *ledger) != sizeof *ledger || ledger->next >= BRINE_REMEMBERED)
    memset(ledger, 0, sizeof *ledger);
  close(file);
}

static char *read_line(const char *path, char *text, int size) {
  FILE *file = fopen(path, "r");
  if (file == NULL || fgets(text, size, file) == NULL) {
    perror(path);
    exit(1);
  }
  fclose(file);
  text[strcspn(text, "\r\n")] = 0;
  return text;
}

static uint8_t *field(uint8_t *at, const char *text) {
  size_t length = strlen(text);
  *at++ = (uint8_t)(length >> 8);
  *at++ = (uint8_t)length;
  memcpy(at, text, length);
  return at + length;
}

/* The rest of the packet begins at out + 3: its length takes one or two bytes before that. */
static int send_packet(int to, uint8_t head, const uint8_t *end) {
  size_t length = (size_t)(end - (out + 3));
  uint8_t *start = length < 128 ? out + 1 : out;
  start[0] = head;
  start[1] = (uint8_t)(length < 128 ? length : (length & 127) | 128);
  if (length >= 128) start[2] = (uint8_t)(length >> 7);
  return send(to, start, (size_t)(end - start), MSG_NOSIGNAL) == end - start;
}

static int exactly(int from, uint8_t *to, size_t length) {
  while (length > 0) {
    ssize_t got = recv(from, to, length, 0);
    if (got <= 0) return 0;
    to += got;
    length -= (size_t)got;
  }
  return 1;
}

/* 1: a packet; 0: the connection ended; -1: one that was too large, and was read over. */
static int read_packet(int from, uint8_t *head, size_t *length) {
  uint8_t byte;
  int shift = 0;
  if (!exactly(from, head, 1)) return 0;
  *length = 0;
  do {
    if (shift > 21 || !exactly(from, &byte, 1)) return 0;
    *length |= (size_t)(byte & 127) << shift;
    shift += 7;
  } while (byte & 128);
  if (*length <= PACKET_MAX) return exactly(from, in, *length);
  for (; *length > 0; --*length)
    if (!exactly(from, &byte, 1)) return 0;
  return -1;
}

static int publish_return(int to) {
  char topic[9 + BRINE_JID + 1];
  uint8_t *at;
  snprintf(topic, sizeof topic, "salt/ret/%s", minion.last_jid);
  at = field(out + 3, topic);
  *at++ = 0;
  *at++ = 2;
  memcpy(at, answer, strlen(answer));
  return send_packet(to, 0x32, at + strlen(answer));
}

/* A publish: retained ones are ignored; a job is noted down, run and answered, then acknowledged. */
static int received(int to, uint8_t head, size_t length) {
  size_t topic = (size_t)(in[0] << 8 | in[1]) + 2, start = topic + (head & 6 ? 2 : 0);
  if (length < 2 || start > length) return 0;
  in[length] = 0;
  if ((head & 1) == 0 && brine_take(&minion, (char *)in + start, (uint32_t)time(NULL), answer, sizeof answer))
    if (!publish_return(to)) return 0;
  if ((head & 6) == 0) return 1;
  memcpy(out + 3, in + topic, 2);
  return send_packet(to, 0x40, out + 5);
}

/* 0: the master is silent, and does not answer a ping either. */
static int wait_for_packet(int from) {
  static const uint8_t ping_request[2] = {0xC0, 0};
  struct pollfd what;
  int tries;
  what.fd = from;
  what.events = POLLIN;
  for (tries = 0; tries < 2; tries++) {
    if (poll(&what, 1, KEEPALIVE_S * 500) != 0) return 1;
    if (send(from, ping_request, 2, MSG_NOSIGNAL) != 2) return 0;
  }
  return 0;
}

static void serve(int to, const char *password) {
  char topic[80];
  uint8_t head, *at = field(out + 3, "MQTT");
  size_t length;
  int got;
  memcpy(at, "\4\302\0", 3);
  at[3] = KEEPALIVE_S;
  at = field(field(field(at + 4, minion.id), minion.id), password);
  if (!send_packet(to, 0x10, at) || read_packet(to, &head, &length) != 1 || head != 0x20 || in[1] != 0) return;
  snprintf(topic, sizeof topic, "salt/job/%s", minion.id);
  out[3] = 0;
  out[4] = 1;
  at = field(out + 5, topic);
  *at++ = 1;
  if (!send_packet(to, 0x82, at)) return;
  while (wait_for_packet(to)) {
    got = read_packet(to, &head, &length);
    if (got == 0) return;
    if (got > 0 && (head & 0xF0) == 0x30 && !received(to, head, length)) return;
  }
}

/* No look-up of names: the C library would allocate for it. */
static int open_socket(const char *host, const char *port) {
  struct sockaddr_in address;
  struct timeval patience = {KEEPALIVE_S, 0};
  int to;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(port));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return -1;
  to = socket(AF_INET, SOCK_STREAM, 0);
  if (to < 0) return -1;
  setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(to, (struct sockaddr *)&address, sizeof address) == 0) return to;
  close(to);
  return -1;
}

int main(int argc, char **argv) {
  static char password[64], key[64];
  unsigned pause = 1;
  if (argc != 7) {
    fprintf(stderr, "usage: %s ADDRESS PORT ID PASSWORD_FILE HMAC_KEY_FILE LEDGER_FILE\n", argv[0]);
    return 64;
  }
  minion.id = argv[3];
  minion.functions = functions;
  minion.save = save;
  ledger_file = argv[6];
  load(&minion.ledger);
  read_line(argv[4], password, sizeof password);
  if (!brine_key(&minion, read_line(argv[5], key, sizeof key)) || strlen(minion.id) > 63) {
    fprintf(stderr, "%s does not hold 32 hex digits\n", argv[5]);
    return 78;
  }
  for (;;) {
    int to = open_socket(argv[1], argv[2]);
    if (to >= 0) {
      serve(to, password);
      close(to);
      pause = 1;
    }
    sleep(pause);
    if (pause < 60) pause *= 2;
  }
}
