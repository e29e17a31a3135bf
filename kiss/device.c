/* SPDX-License-Identifier: MIT
 *
 * The text of a TNC's device: PATH[@BAUD] or tcp:HOST:PORT, and the init
 * string with its escapes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kiss/line.h"
#include "kiss/tnc.h"

static bool number_parse(const char *text, unsigned long max,
			 unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && *value > 0 && *value <= max;
}

static int parse_tcp(struct tnc_config *c, const char *text, char err[160])
{
	const char *colon = strrchr(text, ':');
	unsigned long port;

	if (!colon || colon == text || !number_parse(colon + 1, 65535, &port)) {
		snprintf(err, 160, "kiss:tcp:%.80s: want kiss:tcp:HOST:PORT, "
			 "as in kiss:tcp:localhost:8001", text);
		return -EINVAL;
	}
	c->tcp = true;
	strcpy(c->device, text);
	return 0;
}

static int parse_path(struct tnc_config *c, const char *text, char err[160])
{
	const char *at = strrchr(text, '@');
	unsigned long baud;
	speed_t speed;

	strcpy(c->device, text);
	if (!at)
		return 0;
	if (!number_parse(at + 1, 4000000, &baud)) {
		snprintf(err, 160, "kiss:%.80s: the speed after @ is a number "
			 "of baud, as in kiss:/dev/ttyUSB0@9600", text);
		return -EINVAL;
	}
	if (line_speed((unsigned)baud, &speed)) {
		snprintf(err, 160, "kiss:%.80s: no serial line runs at %lu "
			 "baud", text, baud);
		return -EINVAL;
	}
	c->speed_baud = (unsigned)baud;
	c->device[at - text] = '\0';
	return 0;
}

int tnc_parse_device(struct tnc_config *c, const char *text, char err[160])
{
	if (strlen(text) >= sizeof(c->device)) {
		snprintf(err, 160, "kiss: the device name is too long");
		return -EINVAL;
	}
	if (strncmp(text, "tcp:", 4) == 0)
		return parse_tcp(c, text + 4, err);
	if (text[0] != '/') {
		snprintf(err, 160, "kiss:%.80s: want a device, as in "
			 "kiss:/dev/ttyUSB0@9600 or kiss:tcp:localhost:8001",
			 text);
		return -EINVAL;
	}
	return parse_path(c, text, err);
}
