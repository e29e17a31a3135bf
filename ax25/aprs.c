/* SPDX-License-Identifier: MIT
 *
 * APRS: see aprs.h. Each form has a function that takes the bytes after the
 * first one, and says whether they fit.
 */
#include <math.h>
#include "ax25/aprs.h"

#define TIME_LEN 7
#define NAME_LEN 9
#define LAT_LEN 8
#define LON_LEN 9
#define COMPRESSED_LEN 13
#define MIC_E_LEN 8	/* behind the first byte */
#define EXTENSION_LEN 7	/* "088/036" */

const char *aprs_kind_name(enum aprs_kind k)
{
	static const char *const names[APRS_KIND_COUNT] = {
		[APRS_NONE] = "",
		[APRS_POSITION] = "position", [APRS_MIC_E] = "mic-e",
		[APRS_OBJECT] = "object", [APRS_ITEM] = "item",
		[APRS_MESSAGE] = "message", [APRS_ACK] = "ack",
		[APRS_REJECT] = "reject", [APRS_BULLETIN] = "bulletin",
		[APRS_STATUS] = "status", [APRS_WEATHER] = "weather",
		[APRS_TELEMETRY] = "telemetry", [APRS_QUERY] = "query",
		[APRS_CAPABILITIES] = "capabilities", [APRS_GPS] = "gps",
		[APRS_THIRD_PARTY] = "third-party", [APRS_USER] = "user",
	};

	return (unsigned)k < APRS_KIND_COUNT ? names[k] : "?";
}

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool digits(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!digit(p[i]))
			return false;
	return true;
}

static int number(const uint8_t *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = 10 * v + p[i] - '0';
	return v;
}

static bool starts(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct span trimmed(struct span s)
{
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* "/A=001234" anywhere in the comment. */
static void find_altitude(struct aprs *a)
{
	const uint8_t *p = a->text.n ? memmem(a->text.p, a->text.n, "/A=", 3) :
				       NULL;
	bool minus = p && p + 4 < a->text.p + a->text.n && p[3] == '-';

	if (!p || p + 9 > a->text.p + a->text.n ||
	    !digits(p + 3 + minus, 6u - minus))
		return;
	a->altitude_ft = number(p + 3 + minus, 6u - minus);
	if (minus)
		a->altitude_ft = -a->altitude_ft;
}

/* ---- positions ---- */

/* "4903.50N", "07201.75W": whole digits of degrees, then minutes; blanks
 * stand for digits from the right that are not told. */
static bool degrees(const uint8_t *p, size_t whole, const char *signs,
		    double *deg, uint8_t *blanks)
{
	size_t n = whole + 5;
	int v[8] = { 0 };

	*blanks = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == whole + 2 ? p[i] != '.' :
		    p[i] == ' ' ? i < whole : *blanks || !digit(p[i]))
			return false;
		if (i == whole + 2)
			continue;
		*blanks += p[i] == ' ';
		v[i] = digit(p[i]) ? p[i] - '0' : 0;
	}
	if ((p[n] & ~0x20) != signs[0] && (p[n] & ~0x20) != signs[1])
		return false;
	*deg = v[whole] * 10 + v[whole + 1] + v[whole + 3] / 10.0 +
	       v[whole + 4] / 100.0;
	if (*deg >= 60)
		return false;
	*deg = *deg / 60 + v[whole - 1] + 10 * v[whole - 2] +
	       (whole == 3 ? 100 * v[0] : 0);
	if (*deg > (whole == 3 ? 180 : 90))
		return false;
	if ((p[n] & ~0x20) == signs[1])
		*deg = -*deg;
	return true;
}

/* Course and speed, where a station that moves has them. */
static void take_extension(struct aprs *a, struct rd *r)
{
	const uint8_t *p = r->p;

	if (a->weather || rd_left(r) < EXTENSION_LEN || p[3] != '/' ||
	    !digits(p, 3) || !digits(p + 4, 3))
		return;
	a->course_deg = number(p, 3);
	a->speed_kn = number(p + 4, 3);
	rd_bytes(r, EXTENSION_LEN);
}

static bool take_plain(struct aprs *a, struct rd *r)
{
	struct span s = rd_bytes(r, LAT_LEN + 1 + LON_LEN + 1);
	uint8_t lon_blanks;

	if (!s.p || !degrees(s.p, 2, "NS", &a->lat_deg, &a->ambiguity) ||
	    !degrees(s.p + LAT_LEN + 1, 3, "EW", &a->lon_deg, &lon_blanks))
		return false;
	a->table = (char)s.p[LAT_LEN];
	a->symbol = (char)s.p[s.n - 1];
	a->weather = a->symbol == '_';
	take_extension(a, r);
	return true;
}

static bool base91(const uint8_t *p, size_t n, double *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '!' || p[i] > '{')
			return false;
		*v = *v * 91 + p[i] - '!';
	}
	return true;
}

/* The two bytes after a compressed position, by the third. */
static void take_compressed_extra(struct aprs *a, const uint8_t *cst)
{
	double v;

	if (!base91(cst, 3, &v))
		return;
	if (((cst[2] - '!') & 0x18) == 0x10 && base91(cst, 2, &v)) {
		v = pow(1.002, v);
		a->altitude_ft = v < 1e8 ? (int32_t)lround(v) : APRS_NO_ALTITUDE;
	} else if (cst[0] <= 'z') {
		a->course_deg = (cst[0] - '!') * 4;
		a->speed_kn = (int)lround(pow(1.08, cst[1] - '!') - 1);
	}
}

static bool take_compressed(struct aprs *a, struct rd *r)
{
	struct span s = rd_bytes(r, COMPRESSED_LEN);
	double lat, lon;

	if (!s.p || !base91(s.p + 1, 4, &lat) || !base91(s.p + 5, 4, &lon))
		return false;
	a->compressed = true;
	a->lat_deg = 90 - lat / 380926;
	a->lon_deg = -180 + lon / 190463;
	if (a->lat_deg < -90 || a->lon_deg > 180)
		return false;	/* base 91 reaches a little further */
	a->table = (char)s.p[0];
	a->symbol = (char)s.p[9];
	a->weather = a->symbol == '_';
	if (!a->weather)
		take_compressed_extra(a, s.p + 10);
	return true;
}

/* The map's table: one of two, or a letter that is laid over the symbol. */
static bool compressed_table(uint8_t c)
{
	return c == '/' || c == '\\' || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'j');
}

static bool take_position(struct aprs *a, struct rd *r)
{
	if (!rd_left(r))
		return false;
	a->has_position = compressed_table(*r->p) ? take_compressed(a, r) :
						    take_plain(a, r);
	if (!a->has_position)
		return false;
	a->text = rd_rest(r);
	if (a->altitude_ft == APRS_NO_ALTITUDE)
		find_altitude(a);
	return true;
}

/* "092345z", "234517h", "092345/" */
static bool take_time(struct aprs *a, struct rd *r)
{
	struct span s = rd_bytes(r, TIME_LEN);

	if (!s.p || !digits(s.p, 6) || !memchr("zh/", s.p[6], 3))
		return false;
	a->time = s;
	return true;
}

static bool parse_position(struct aprs *a, struct rd r, bool timed)
{
	a->kind = APRS_POSITION;
	if (starts(SPAN(r.p, rd_left(&r)), "!")) { /* Ultimeter's "!!" */
		a->kind = APRS_WEATHER;
		a->text = rd_rest(&r);
		return true;
	}
	return (!timed || take_time(a, &r)) && take_position(a, &r);
}

static bool parse_object(struct aprs *a, struct rd r)
{
	uint8_t alive;

	a->kind = APRS_OBJECT;
	a->name = trimmed(rd_bytes(&r, NAME_LEN));
	alive = rd_u8(&r);
	a->killed = alive == '_';
	return (alive == '*' || alive == '_') && take_time(a, &r) &&
	       take_position(a, &r);
}

static bool parse_item(struct aprs *a, struct rd r)
{
	size_t n = 0;

	a->kind = APRS_ITEM;
	while (n <= NAME_LEN && n < rd_left(&r) && r.p[n] != '!' &&
	       r.p[n] != '_')
		n++;
	a->name = rd_bytes(&r, n);
	if (n > NAME_LEN || !rd_left(&r))
		return false;
	a->killed = rd_u8(&r) == '_';
	return take_position(a, &r);
}

/* ---- Mic-E ---- */

/* A character of the destination: its digit, and which of the three alphabets
 * it is from: 0 numbers, 1 custom, 2 standard. */
static bool mic_e_char(char c, int *value, int *alphabet)
{
	if (c >= '0' && c <= '9')
		*value = c - '0', *alphabet = 0;
	else if (c >= 'A' && c <= 'J')
		*value = c - 'A', *alphabet = 1;
	else if (c >= 'P' && c <= 'Y')
		*value = c - 'P', *alphabet = 2;
	else if (c == 'K' || c == 'L' || c == 'Z')
		*value = 0, *alphabet = c == 'L' ? 0 : c == 'K' ? 1 : 2;
	else
		return false;
	return true;
}

static const char *mic_e_status(const int alphabet[6])
{
	static const char *const standard[8] = {
		"emergency", "priority", "special", "committed", "returning",
		"in service", "en route", "off duty",
	};
	static const char *const custom[8] = {
		"emergency", "custom 6", "custom 5", "custom 4", "custom 3",
		"custom 2", "custom 1", "custom 0",
	};
	int bits = 0, kinds = 0;

	for (int i = 0; i < 3; i++) {
		bits = bits << 1 | !!alphabet[i];
		kinds |= alphabet[i];
	}
	return kinds == 3 ? NULL : kinds == 1 ? custom[bits] : standard[bits];
}

static bool mic_e_latitude(struct aprs *a, const char *call, int alphabet[6])
{
	int v[6];
	double minutes;

	for (int i = 0; i < 6; i++) {
		if (!call[i] || !mic_e_char(call[i], &v[i], &alphabet[i]))
			return false;
		a->ambiguity += call[i] == 'K' || call[i] == 'L' ||
				call[i] == 'Z';
	}
	minutes = v[2] * 10 + v[3] + v[4] / 10.0 + v[5] / 100.0;
	a->lat_deg = v[0] * 10 + v[1] + minutes / 60;
	if (alphabet[3] != 2)
		a->lat_deg = -a->lat_deg;
	return minutes < 60 && fabs(a->lat_deg) <= 90;
}

static bool mic_e_longitude(struct aprs *a, const uint8_t *p, bool hundred,
			    bool west)
{
	int deg = p[0] - 28 + (hundred ? 100 : 0), min = p[1] - 28;
	int hundredths = p[2] - 28;

	if (deg >= 190)
		deg -= 190;
	else if (deg >= 180)
		deg -= 80;
	if (min >= 60)
		min -= 60;
	if (deg < 0 || deg > 179 || min < 0 || min > 59 || hundredths < 0 ||
	    hundredths > 99)
		return false;
	a->lon_deg = deg + (min + hundredths / 100.0) / 60;
	if (west)
		a->lon_deg = -a->lon_deg;
	return true;
}

static bool mic_e_motion(struct aprs *a, const uint8_t *p)
{
	int sp = p[0] - 28, dc = p[1] - 28, se = p[2] - 28;
	int speed = sp * 10 + dc / 10, course = dc % 10 * 100 + se;

	if (sp < 0 || dc < 0 || se < 0)
		return false;
	a->speed_kn = speed >= 800 ? speed - 800 : speed;
	a->course_deg = course >= 400 ? course - 400 : course;
	return true;
}

/* "xxx}" at its begin, perhaps behind a byte that names the radio. */
static void mic_e_altitude(struct aprs *a)
{
	double m;

	for (size_t at = 0; at < 2; at++) {
		const uint8_t *p = a->text.p + at;

		if (a->text.n < at + 4 || p[3] != '}' || !base91(p, 3, &m))
			continue;
		a->altitude_ft = (int32_t)lround((m - 10000) / APRS_M_PER_FT);
		a->text = SPAN(p + 4, a->text.n - at - 4);
		return;
	}
}

static bool parse_mic_e(struct aprs *a, const char *dest, struct rd r)
{
	struct span s = rd_bytes(&r, MIC_E_LEN);
	int alphabet[6];

	a->kind = APRS_MIC_E;
	if (!s.p || !mic_e_latitude(a, dest, alphabet) ||
	    !mic_e_longitude(a, s.p, alphabet[4] == 2, alphabet[5] == 2) ||
	    !mic_e_motion(a, s.p + 3))
		return false;
	a->has_position = true;
	a->symbol = (char)s.p[6];
	a->table = (char)s.p[7];
	a->status = mic_e_status(alphabet);
	a->text = rd_rest(&r);
	mic_e_altitude(a);
	return true;
}

/* ---- words ---- */

static bool short_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n >= 1 && s.n <= 5;
}

static bool parse_message(struct aprs *a, struct rd r)
{
	const uint8_t *brace;
	struct span word;

	a->kind = APRS_MESSAGE;
	a->name = trimmed(rd_bytes(&r, NAME_LEN));
	if (!a->name.n || rd_u8(&r) != ':')
		return false;
	a->text = rd_rest(&r);
	word = SPAN(a->text.p + 3, a->text.n > 3 ? a->text.n - 3 : 0);
	if ((starts(a->text, "ack") || starts(a->text, "rej")) &&
	    short_word(word)) {
		a->kind = a->text.p[0] == 'a' ? APRS_ACK : APRS_REJECT;
		a->number = word;
		a->text.n = 0;
		return true;
	}
	if (starts(a->name, "BLN"))
		a->kind = APRS_BULLETIN;
	brace = a->text.n ? memrchr(a->text.p, '{', a->text.n) : NULL;
	word = brace ? SPAN(brace + 1, (size_t)(a->text.p + a->text.n - brace
						- 1)) : SPAN("", 0);
	if (short_word(word)) {
		a->number = word;
		a->text.n = (size_t)(brace - a->text.p);
	}
	return true;
}

static bool parse_status(struct aprs *a, struct rd r)
{
	struct rd timed = r;

	a->kind = APRS_STATUS;
	if (take_time(a, &timed))
		r = timed;
	a->text = rd_rest(&r);
	return true;
}

/* Known by its first bytes alone; the text is all that follows. */
static bool parse_named(struct aprs *a, struct span info)
{
	static const struct {
		const char *begins;
		enum aprs_kind kind;
	} forms[] = {
		{ "T#", APRS_TELEMETRY }, { "?", APRS_QUERY },
		{ "<", APRS_CAPABILITIES }, { "$ULTW", APRS_WEATHER },
		{ "$G", APRS_GPS }, { "}", APRS_THIRD_PARTY },
		{ "{", APRS_USER },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!starts(info, forms[i].begins))
			continue;
		a->kind = forms[i].kind;
		a->text = SPAN(info.p + 1, info.n - 1);
		return true;
	}
	return false;
}

/* "_10090556c220s004...": month, day, hour, minute, then the instruments. */
static bool parse_weather(struct aprs *a, struct rd r)
{
	struct span when = rd_bytes(&r, 8);

	a->kind = APRS_WEATHER;
	if (!when.p || !digits(when.p, 8))
		return false;
	a->time = when;
	a->text = rd_rest(&r);
	return true;
}

static bool parse(struct aprs *a, const struct ax25_frame *f)
{
	struct rd r = rd_init(f->info);

	switch (rd_u8(&r)) {
	case '!': case '=':
		return parse_position(a, r, false);
	case '/': case '@':
		return parse_position(a, r, true);
	case '`': case '\'': case 0x1c: case 0x1d:
		return parse_mic_e(a, f->dest.call, r);
	case ';':
		return parse_object(a, r);
	case ')':
		return parse_item(a, r);
	case ':':
		return parse_message(a, r);
	case '>':
		return parse_status(a, r);
	case '_':
		return parse_weather(a, r);
	}
	return parse_named(a, f->info);
}

bool aprs_parse(struct aprs *a, const struct ax25_frame *f)
{
	*a = (struct aprs){ .course_deg = APRS_UNKNOWN,
		.speed_kn = APRS_UNKNOWN, .altitude_ft = APRS_NO_ALTITUDE };
	if (f->type != AX25_UI || f->pid != AX25_PID_NONE || !f->info.n ||
	    !parse(a, f)) {
		*a = (struct aprs){ 0 };
		return false;
	}
	return true;
}
