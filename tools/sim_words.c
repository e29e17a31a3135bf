/* SPDX-License-Identifier: MIT
 *
 * Field work as people type it into forms: records opened, fields set, notes,
 * photographs. The mix is that of a KoboToolbox project: two thirds are fields,
 * a fifth notes.
 */
#include "lib/event/payload.h"
#include "tools/sim.h"

static const char *const words[] = {
	"pump", "handle", "broken", "repaired", "water", "level", "dropping",
	"well", "dry", "tank", "leaking", "chlorine", "sample", "taken",
	"school", "roof", "damaged", "clinic", "open", "closed", "midwife",
	"needs", "soap", "blankets", "tarpaulins", "rice", "oil", "fuel",
	"for", "three", "days", "two", "families", "moved", "uphill", "to",
	"the", "church", "hall", "road", "passable", "by", "motorbike", "only",
	"bridge", "washed", "out", "detour", "via", "north", "track", "river",
	"rising", "since", "dawn", "no", "injuries", "reported", "child",
	"fever", "referred", "and", "repeater", "battery", "low", "solar",
	"panel", "dusty", "cleaned", "antenna", "guy", "loose", "net",
	"tonight", "at", "eight", "visit", "again", "tomorrow", "with",
	"engineer", "latrine", "pit", "full", "new", "one", "dug", "market",
	"price", "of", "maize", "up", "radio", "check", "from", "ridge",
	"weak", "but", "readable", "please", "confirm", "arrival", "wind",
	"strong", "rain", "expected", "not", "yet", "safe", "crossing",
};
static const char *const fields[] = {
	"state", "working", "households", "population", "under_five",
	"source_type", "depth_m", "yield_lpm", "ph", "turbidity_ntu",
	"chlorine_mgl", "latrines", "school_open", "clinic_open", "road",
	"lat", "lon", "elevation_m", "contact", "priority", "food_days",
	"shelter_needed", "deaths", "injured", "displaced", "power",
	"fuel_l", "generator", "radio_ok", "surveyor", "visited_on",
};
static const char *const forms[] = {
	"rapid_assessment", "water_source", "clinic_visit", "relay_site",
	"daily_report", "shelter_check",
};
static const char *const states[] = {
	"PLANNED", "ONGOING", "DONE", "STOPPED", "NOT_KNOWN",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(rng, a) ((a)[random_below(rng, COUNT(a))])

static void put_str(struct buf *out, const char *s)
{
	payload_put_text(out, SPAN_STR(s));
}

static void put_words(struct buf *out, struct random *rng, unsigned lo,
		      unsigned hi)
{
	unsigned n = lo + (unsigned)random_below(rng, hi - lo + 1);
	char text[256];
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i ? " " : "", PICK(rng, words));
	payload_put_text(out, SPAN(text, len));
}

static void put_value(struct buf *out, const char *field, struct random *rng)
{
	unsigned x = (unsigned)random_below(rng, 100);

	if (strcmp(field, "state") == 0)
		put_str(out, PICK(rng, states));
	else if (x < 30)
		payload_put_bool(out, x & 1);
	else if (x < 60)
		payload_put_uint(out, random_below(rng, 500));
	else if (strcmp(field, "lat") == 0 || strcmp(field, "lon") == 0)
		payload_put_real(out, (double)random_below(rng, 1800000) / 1e4 -
				 90);
	else
		put_words(out, rng, 1, 3);
}

static void put_record_id(struct buf *out, size_t members, struct random *rng)
{
	char id[16];

	snprintf(id, sizeof(id), "R-%u",
		 1 + (unsigned)random_below(rng, 9998));
	payload_put_map(out, members);
	payload_put_uint(out, KEY_RECORD);
	put_str(out, id);
}

static void put_attachment(struct buf *out, struct random *rng)
{
	uint8_t hash[16];

	for (unsigned i = 0; i < sizeof(hash); i++)
		hash[i] = (uint8_t)random_next(rng);
	put_record_id(out, 5, rng);
	payload_put_uint(out, KEY_FIELD);
	put_str(out, PICK(rng, fields));
	payload_put_uint(out, KEY_BLOB_HASH);
	payload_put_bytes(out, SPAN(hash, sizeof(hash)));
	payload_put_uint(out, KEY_SIZE);
	payload_put_uint(out, 1000 + random_below(rng, 199000));
	payload_put_uint(out, KEY_MIME);
	put_str(out, "image/jpeg");
}

uint16_t sim_payload_make(struct buf *out, const char *call,
			  struct random *rng)
{
	unsigned x = (unsigned)random_below(rng, 100);
	const char *field;

	if (x < 10) {
		put_record_id(out, 3, rng);
		payload_put_uint(out, KEY_FORM);
		put_str(out, PICK(rng, forms));
		payload_put_uint(out, KEY_BY);
		put_str(out, call);
		return KIND_RECORD_CREATE;
	}
	if (x < 78) {
		field = PICK(rng, fields);
		put_record_id(out, 3, rng);
		payload_put_uint(out, KEY_FIELD);
		put_str(out, field);
		payload_put_uint(out, KEY_VALUE);
		put_value(out, field, rng);
		return KIND_FIELD_SET;
	}
	if (x < 97) {
		put_record_id(out, 2, rng);
		payload_put_uint(out, KEY_TEXT);
		put_words(out, rng, 4, 14);
		return KIND_NOTE_ADD;
	}
	put_attachment(out, rng);
	return KIND_ATTACHMENT_ADD;
}
