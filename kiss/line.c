/* SPDX-License-Identifier: MIT
 *
 * Opening serial lines, ptys and TCP connections. Raw mode is set here, never
 * trusted: without it a pty holds bytes back until a newline and changes them.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "kiss/line.h"

static const struct {
	unsigned baud;
	speed_t speed;
} speeds[] = {
	{ 300, B300 }, { 600, B600 }, { 1200, B1200 }, { 2400, B2400 },
	{ 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 },
	{ 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
	{ 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 },
};

int line_speed(unsigned baud, speed_t *speed)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud != baud)
			continue;
		*speed = speeds[i].speed;
		return 0;
	}
	return -EINVAL;
}

static int raw_mode(int fd, unsigned speed_baud, struct termios *before)
{
	struct termios t;
	speed_t speed;

	if (tcgetattr(fd, before))
		return -errno;
	t = *before;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)CRTSCTS;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (speed_baud && line_speed(speed_baud, &speed))
		return -EINVAL;
	if (speed_baud)
		cfsetspeed(&t, speed);
	return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

int line_open_tty(const char *path, unsigned speed_baud,
		  struct termios *before)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = raw_mode(fd, speed_baud, before);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

const char *line_resolve(const char *host_port, struct addrinfo **out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(host_port, ':');
	size_t n = colon ? (size_t)(colon - host_port) : 0;
	char host[256];
	int err;

	if (n >= 2 && host_port[0] == '[' && colon[-1] == ']') {
		host_port++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(host))
		return "no HOST:PORT";
	memcpy(host, host_port, n);
	host[n] = '\0';
	err = getaddrinfo(host, colon + 1, &hints, out);
	return err ? gai_strerror(err) : NULL;
}

struct ring_wait *line_connect(struct ring *r, const struct addrinfo *to,
			       ring_fd_fn fn, void *ctx)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK |
			SOCK_CLOEXEC, 0), on = 1, err;
	struct ring_wait *w;

	if (fd < 0)
		return NULL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	w = ring_connect(r, fd, to->ai_addr, to->ai_addrlen, fn, ctx);
	if (!w) {
		err = errno;
		close(fd);
		errno = err;
	}
	return w;
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0' :
			 tolower((unsigned char)c) - 'a' + 10);
}

size_t line_expand(uint8_t *dst, size_t cap, const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p && n < cap; p++) {
		if (*p != '\\' || !p[1]) {
			dst[n++] = (uint8_t)*p;
			continue;
		}
		p++;
		if (*p == 'x' && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2])) {
			dst[n++] = (uint8_t)(hex_digit(p[1]) << 4 |
					     hex_digit(p[2]));
			p += 2;
		} else {
			dst[n++] = *p == 'r' ? '\r' : *p == 'n' ? '\n' :
				(uint8_t)*p;
		}
	}
	return n;
}
