/* SPDX-License-Identifier: MIT */
#include "exporter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "driver/output.h"
#include "driver/text.h"

enum { LONGEST_REQUEST = 4096, PATIENCE_MS = 2000 };

struct exporter {
    void (*write)(FILE *out, void *context);
    void *context;
    int listening, ending[2]; /* closing ending[1] ends the thread */
    pthread_t thread;
    _Atomic int64_t n_unanswered;
};

/* Both ends of a process that is forked would keep the port. */
static void keep_from_children(int fd)
{
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        text_fail("--metrics: a socket cannot be kept from the trainer: %s", strerror(errno));
    }
}

/* Within the time that the caller is given. */
static bool is_ready(int fd, short events, double until)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n = -1;
    do {
        const double left = 1000.0 * (until - text_seconds());
        n = poll(&p, 1, left > 0.0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    return n == 1;
}

/* Up to the empty line behind the headers; false: it did not come, or is too long. */
static bool read_request(int caller, char request[LONGEST_REQUEST + 1], double until)
{
    size_t n = 0;
    while (n < LONGEST_REQUEST && is_ready(caller, POLLIN, until)) {
        const ssize_t got = recv(caller, request + n, LONGEST_REQUEST - n, 0);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) {
            return false;
        }
        n += got > 0 ? (size_t)got : 0;
        request[n] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

/* All bytes, through short writes; false: the caller has gone or does not read. */
static bool send_all(int caller, const char *bytes, size_t n, double until)
{
    while (n > 0) {
        if (!is_ready(caller, POLLOUT, until)) {
            return false;
        }
        const ssize_t sent = send(caller, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
            return false;
        }
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* "200 OK" with the text, or another status with none. */
static const char *status_of(const char *request)
{
    static const char path[] = "GET /metrics HTTP/1.";
    if (strncmp(request, path, sizeof path - 1) == 0) {
        return "200 OK";
    }
    const char *version = strstr(request, " HTTP/1.");
    if (version == NULL || version > strstr(request, "\r\n")) {
        return "400 Bad Request";
    }
    return strncmp(request, "GET ", 4) == 0 ? "404 Not Found" : "405 Method Not Allowed";
}

/* What did not fit into memory is not sent as if it were all. */
static bool answer(exporter *e, int caller, const char *request, double until)
{
    char *body = NULL, head[256];
    size_t n_body = 0;
    const char *status = status_of(request);
    FILE *out = open_memstream(&body, &n_body);
    if (out == NULL) {
        return false;
    }
    if (status[0] == '2') {
        e->write(out, e->context);
        fprintf(out,
                "# HELP recrl_exporter_unanswered_total callers who went away before their answer "
                "was whole\n# TYPE recrl_exporter_unanswered_total counter\n"
                "recrl_exporter_unanswered_total %" PRId64 "\n",
                (int64_t)e->n_unanswered);
    }
    const bool is_written = ferror(out) == 0;
    const bool is_whole = fclose(out) == 0 && is_written;
    const int n_head = snprintf(head, sizeof head,
                                "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; "
                                "charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                                status, n_body);
    const bool is_sent = is_whole && send_all(caller, head, (size_t)n_head, until) &&
                         send_all(caller, body, n_body, until);
    free(body);
    return is_sent;
}

static void serve(exporter *e, int caller)
{
    char request[LONGEST_REQUEST + 1] = "";
    const double until = text_seconds() + 1e-3 * PATIENCE_MS;
    const bool is_answered =
        read_request(caller, request, until) && answer(e, caller, request, until);
    if (!is_answered) {
        atomic_fetch_add(&e->n_unanswered, 1);
    }
    close(caller);
}

/* Until `ending` is closed. A caller whose connection cannot be taken is one who went away. */
static void *listen_and_serve(void *context)
{
    exporter *e = context;
    struct pollfd p[2] = {{.fd = e->listening, .events = POLLIN},
                          {.fd = e->ending[0], .events = POLLIN}};
    for (;;) {
        const int n = poll(p, 2, -1);
        if (n > 0 && p[1].revents != 0) {
            return NULL;
        }
        const int caller = n > 0 ? accept(e->listening, NULL, NULL) : -1;
        if (caller >= 0) {
            const int flags = fcntl(caller, F_GETFL);
            fcntl(caller, F_SETFD, FD_CLOEXEC);
            fcntl(caller, F_SETFL, flags | O_NONBLOCK);
            serve(e, caller);
        } else if (n > 0) {
            atomic_fetch_add(&e->n_unanswered, 1);
        }
    }
}

static int listen_on(int port)
{
    const int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0) {
        text_fail("--metrics %d: 127.0.0.1:%d cannot be listened on: %s", port, port,
                  strerror(errno));
    }
    keep_from_children(fd);
    return fd;
}

exporter *exporter_open(int port, void (*write)(FILE *out, void *context), void *context)
{
    exporter *e = text_allocate(1, sizeof *e);
    struct sockaddr_in address = {0};
    socklen_t n = sizeof address;
    e->write = write;
    e->context = context;
    e->listening = listen_on(port);
    if (pipe(e->ending) != 0 || getsockname(e->listening, (struct sockaddr *)&address, &n) != 0) {
        text_fail("--metrics: %s", strerror(errno));
    }
    keep_from_children(e->ending[0]);
    keep_from_children(e->ending[1]);
    const int number = pthread_create(&e->thread, NULL, listen_and_serve, e);
    if (number != 0) {
        text_fail("--metrics: no thread: %s", strerror(number));
    }
    output_say("figures at http://127.0.0.1:%d/metrics", ntohs(address.sin_port));
    return e;
}

void exporter_close(exporter *e)
{
    if (e == NULL) {
        return;
    }
    close(e->ending[1]);
    pthread_join(e->thread, NULL);
    close(e->ending[0]);
    close(e->listening);
    free(e);
}
